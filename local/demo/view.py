"""What the demo shows while it runs: a screen on a terminal, and elsewhere a line now and then."""

import time

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.constrain import Constrain
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.demo.progress import STEPS, Count, Planned, Progress, Window, Workflow

_WIDEST = 100
_PLANNED_IN_A_LINE = 2


def screen(progress: Progress, *, compact: bool = False) -> RenderableType:
    """For a terminal of 80 columns or more, and 28 lines or, `compact`, 24."""
    if not progress.received.total:
        return Constrain(_title(progress), _WIDEST)
    parts = [_title(progress)]
    for name, content in (
        ("Requests", _requests(progress)),
        ("Planned faults", _planned(progress.planned)),
        ("Workflows", _workflows(progress.workflows)),
        ("Recent outcomes", _outcomes(progress.outcomes)),
    ):
        if not compact:
            parts.append(Text())
        parts += [Text(name, style="bold"), Padding(content, (0, 0, 0, 2))]
    return Constrain(Group(*parts), _WIDEST)


def line(progress: Progress) -> str:
    """In ASCII, as all text of the demo is."""
    parts = [f"{clock(progress.seconds)}  {_step(progress)}"]
    if progress.ended.done < progress.ended.total:
        parts.append(
            f"received {_of(progress.received)}, accepted {_of(progress.accepted)}, "
            f"tracked to the end {_of(progress.ended)}"
        )
    if progress.waiting:
        parts.append(f"{progress.waiting:,} wait for another try")
    if progress.window:
        parts.append(f"rate limit: {_used(progress.window)}")
    running = [workflow for workflow in progress.workflows if workflow.status == "RUNNING"]
    parts += [f"in state {workflow.states[-1]}" for workflow in running if workflow.states]
    return "; ".join(parts)


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _title(progress: Progress) -> RenderableType:
    title = Table.grid(expand=True)
    title.add_column()
    title.add_column(justify="right")
    title.add_row(
        Text("Deletion of SendGrid contacts, on this machine alone", style="bold"),
        Text(clock(progress.seconds), style="bold cyan"),
    )
    step = Text(_step(progress), style="cyan", no_wrap=True, overflow="crop")
    return Group(title, step)


def _step(progress: Progress) -> str:
    return f"Step {progress.step_number} of {STEPS}: {progress.step}"


def _requests(progress: Progress) -> RenderableType:
    bars = Table.grid(padding=(0, 2), expand=True)
    bars.add_column(min_width=19)
    bars.add_column(ratio=1)
    bars.add_column(justify="right", min_width=14)
    bars.add_column(style="dim", min_width=13)
    received, accepted, ended = progress.received, progress.accepted, progress.ended
    bars.add_row("received", _bar(received), _of(received), "")
    bars.add_row("accepted", _bar(accepted), _of(accepted), f"{progress.replayed:,} duplicates")
    bars.add_row("tracked to the end", _bar(ended), _of(ended), f"{progress.waiting:,} deferred")
    bars.add_row("rate limit window", *_window(progress.window))
    return bars


def _window(window: Window | None) -> tuple[ProgressBar, str, str]:
    if window is None:
        return _bar(Count(0, 1), "yellow"), "", "no calls now"
    seconds_left = max(0.0, window.ends_at - time.time())
    return _bar(Count(window.used, window.limit), "yellow"), _used(window), f"next in {seconds_left:.1f} s"


def _bar(count: Count, style: str = "green") -> ProgressBar:
    return ProgressBar(count.total, count.done, complete_style=style, finished_style=style)


def _of(count: Count) -> str:
    return f"{count.done:,} of {count.total:,}"


def _used(window: Window) -> str:
    return f"{window.used} of {window.limit} calls"


def _planned(planned: tuple[Planned, ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    for _ in range(_PLANNED_IN_A_LINE):
        grid.add_column(min_width=26)
        grid.add_column(min_width=8)
    for start in range(0, len(planned), _PLANNED_IN_A_LINE):
        row: list[RenderableType] = []
        for each in planned[start : start + _PLANNED_IN_A_LINE]:
            row += [each.text, _standing(each)]
        grid.add_row(*row)
    return grid


def _standing(planned: Planned) -> Text:
    if planned.done >= planned.total:
        return Text("done", style="green")
    if planned.total > 1:
        return Text(f"{planned.done} of {planned.total}", style="yellow")
    return Text("pending", style="yellow")


def _workflows(workflows: tuple[Workflow, ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(min_width=23)
    grid.add_column(min_width=9)
    grid.add_column(ratio=1, no_wrap=True)
    for workflow in workflows:
        status = workflow.status.lower()
        style = {"succeeded": "green", "to come": "dim", "running": "cyan"}.get(status, "bold red")
        grid.add_row(workflow.name, Text(status, style=style), _Path(workflow.states))
    return grid


class _Path:
    """The states that an execution has entered: the last of them, as many as there is room for."""

    def __init__(self, states: tuple[str, ...]) -> None:
        self._states = states

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        path = ""
        for state in reversed(self._states):
            longer = f"{state} > {path}" if path else state
            if len(longer) > options.max_width - len("... > "):
                path = f"... > {path}"
                break
            path = longer
        yield Text(path, no_wrap=True, overflow="crop")


def _style(sentence: str) -> str:
    if sentence.startswith("Completed"):
        return "green"
    return "yellow" if "as planned" in sentence else "bold red"


def _outcomes(outcomes: tuple[tuple[float, str], ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(style="dim", no_wrap=True, min_width=4)
    grid.add_column(no_wrap=True, overflow="crop", ratio=1)
    for seconds, sentence in outcomes:
        grid.add_row(clock(seconds), Text(sentence, style=_style(sentence)))
    return grid
