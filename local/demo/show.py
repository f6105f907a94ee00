"""The thread that shows the demo, while another runs it: it never waits for the stack, and so heeds every signal."""

import threading
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.live import Live

from local.demo import view
from local.demo.progress import Progress
from local.demo.terminal import has_room, is_compact
from local.waiting import STALLED_AFTER_SECONDS

if TYPE_CHECKING:
    from local.demo.report import Report

_FRAME_SECONDS = 0.2
_LINE_EVERY_SECONDS = 3.0


class Scenario(Protocol):
    def play(self) -> "Report":
        """Does what there is to do."""

    def kill(self) -> None:
        """Ends every process of it, at any time and from any thread."""


class Show:
    """Runs the scenario that `load` makes, and shows its progress. `interrupt` is a handler for signals.

    `report` is there in the end, unless the scenario did not come to its end.
    """

    def __init__(self, console: Console, progress: Progress, load: Callable[[Progress], Scenario]) -> None:
        self._console = console
        self._progress = progress
        self._load = load
        self._signal: int | None = None
        self._scenario: Scenario | None = None
        self.report: Report | None = None
        self._error: BaseException | None = None

    def interrupt(self, number: int, _frame: FrameType | None) -> None:
        """Ends the show within a frame."""
        self._signal = number

    def run(self) -> int:
        """The exit status: 0, 1 if anything is unaccounted for or broke, or 128 and the number of a signal.

        Whatever happened, no process of the scenario is left.
        """
        player = threading.Thread(target=self._play, daemon=True)
        try:
            player.start()
            self._watch(player)
            # Asked before the scenario is killed, because that may end it with a report or an error.
            has_stalled = player.is_alive()
        finally:
            if self._scenario:
                self._scenario.kill()
        return self._end(has_stalled=has_stalled)

    def _play(self) -> None:
        try:
            self._scenario = self._load(self._progress)
            self.report = self._scenario.play()
        except BaseException as error:
            self._error = error

    def _watch(self, player: threading.Thread) -> None:
        progress = self._progress
        with ExitStack() as live_view:
            live: Live | None = None
            if has_room(self._console):
                live = live_view.enter_context(
                    Live(console=self._console, auto_refresh=False, transient=True)
                )
            next_line, step = 0.0, ""
            while player.is_alive() and not self._signal and not self._is_stalled():
                if live:
                    live.update(view.screen(progress, compact=is_compact(self._console)), refresh=True)
                elif progress.step != step or progress.seconds >= next_line:
                    next_line, step = progress.seconds + _LINE_EVERY_SECONDS, progress.step
                    self._console.print(view.line(progress), soft_wrap=True)
                player.join(_FRAME_SECONDS)

    def _is_stalled(self) -> bool:
        return self._progress.seconds_without_change >= STALLED_AFTER_SECONDS

    def _end(self, *, has_stalled: bool) -> int:
        after = f"after {view.clock(self._progress.seconds)}"
        if self._signal:
            self._console.print(f"Interrupted {after}. Everything that the demo started has ended.")
            return 128 + self._signal
        if has_stalled:
            self._print_what_is_stuck(after)
        elif self.report:
            self.report.show(self._console)
            return 1 if self.report.problems else 0
        else:
            traceback.print_exception(self._error)
        return 1

    def _print_what_is_stuck(self, after: str) -> None:
        self._console.print(
            f"Stopped {after}: for {STALLED_AFTER_SECONDS:.0f} seconds nothing has moved. "
            f"The step was: {self._progress.step}.",
            soft_wrap=True,
        )
        for what in self._progress.stuck:
            self._console.print(f"- {what}", soft_wrap=True)
