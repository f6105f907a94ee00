"""How the demo ends: well, broken, stuck or interrupted."""

import io
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from rich.console import Console

from local.demo.progress import Progress
from local.demo.report import Report
from local.demo.show import Show
from local.waiting import STALLED_AFTER_SECONDS
from tests.support.clock import FakeClock


class Scenario:
    """Plays what it is given, until it is killed."""

    def __init__(self, play: Callable[["Scenario"], Report]) -> None:
        self._play = play
        self.killed = threading.Event()

    def play(self) -> Report:
        return self._play(self)

    def kill(self) -> None:
        self.killed.set()


class Stage:
    """A show of that scenario, and what it prints."""

    def __init__(self, play: Callable[[Scenario], Report]) -> None:
        self.clock = FakeClock(0.0)
        self.progress = Progress(self.clock)
        self.scenario = Scenario(play)
        self._output = io.StringIO()
        self.show = Show(Console(file=self._output, width=100), self.progress, lambda _: self.scenario)

    def run(self) -> tuple[int, str]:
        """The exit status and the output."""
        return self.show.run(), self._output.getvalue()


New = Callable[[Callable[[Scenario], Report]], Stage]


@pytest.fixture
def stage() -> Iterator[New]:
    """Makes a stage. A scenario that still waits in the end is let go."""
    with ExitStack() as waiting:

        def make(play: Callable[[Scenario], Report]) -> Stage:
            made = Stage(play)
            waiting.callback(made.scenario.kill)
            return made

        yield make


def report(*problems: str) -> Report:
    table = [[("Requests", "1,641", "through queues")], [("A workflow", "succeeded", "")]]
    return Report(table, [*problems], 36)


def hang(scenario: Scenario) -> Report:
    scenario.killed.wait()
    return report()


def test_when_all_is_accounted_for_the_table_says_so(stage: New) -> None:
    good = stage(lambda _: report())

    status, output = good.run()

    assert status == 0
    assert "1,641" in output
    assert "Every request and every contact is accounted for, after 36 seconds." in output
    assert good.scenario.killed.is_set()


def test_what_is_not_accounted_for_is_listed(stage: New) -> None:
    status, output = stage(lambda _: report("contacts are left: 3")).run()

    assert status == 1
    assert "contacts are left: 3" in output
    assert "Not everything is accounted for." in output


def test_a_broken_stack_is_reported_with_its_trace(stage: New, capsys: pytest.CaptureFixture[str]) -> None:
    def break_down(_: Scenario) -> Report:
        raise RuntimeError("moto did not start")

    broken = stage(break_down)

    status, _ = broken.run()

    assert status == 1
    assert "RuntimeError: moto did not start" in capsys.readouterr().err
    assert broken.scenario.killed.is_set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_says_so_in_a_line(stage: New, number: signal.Signals) -> None:
    interrupted = stage(hang)
    interrupted.show.interrupt(number, None)

    status, output = interrupted.run()

    assert status == 128 + number
    assert output.splitlines()[-1] == "Interrupted after 0:00. Everything that the demo started has ended."
    assert interrupted.scenario.killed.is_set()


def test_when_nothing_moves_any_more_it_says_what_is_stuck(stage: New) -> None:
    stuck = stage(hang)
    stuck.progress.begin("Send requests")
    reasons = "BulkDeleteQueue: 3 messages wait, 28 are in flight", "SendGrid's job 7 is pending"
    stuck.progress.stuck = reasons
    stuck.clock.advance(STALLED_AFTER_SECONDS)

    status, output = stuck.run()

    assert status == 1
    assert "for 180 seconds nothing has moved. The step was: Send requests." in output
    assert "".join(f"- {reason}\n" for reason in reasons) in output
    assert stuck.scenario.killed.is_set()


def test_whatever_moves_keeps_it_waiting() -> None:
    clock = FakeClock(0.0)
    progress = Progress(clock)
    progress.saw({"BulkDeleteQueue": 3})
    clock.advance(100)
    progress.saw({"BulkDeleteQueue": 3})
    assert progress.seconds_without_change == 100

    progress.saw({"BulkDeleteQueue": 2})

    assert progress.seconds_without_change == 0
    clock.advance(10)
    progress.begin("Run a workflow")
    assert progress.seconds_without_change == 0
