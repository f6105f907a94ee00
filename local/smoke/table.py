"""The checks on the terminal, while they run and at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from local.smoke.report import Check, Report, State

_STYLES = {
    State.WAITING: "dim",
    State.RUNNING: "cyan",
    State.PASSED: "green",
    State.FAILED: "red",
    State.SKIPPED: "yellow",
}


@contextmanager
def shown(report: Report, console: Console) -> Iterator[None]:
    """A live table while the block runs, on a terminal. Elsewhere there are the lines of `print_ended`."""
    if console.is_terminal:
        with Live(console=console, get_renderable=lambda: _table(report)):
            yield
    else:
        yield


def print_ended(console: Console, check: Check) -> None:
    """A line, for a log."""
    if not console.is_terminal:
        line = f"{check.state:7}  {check.name}  {check.detail}".rstrip()
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def show_failures(report: Report, console: Console) -> None:
    """Below the table, where there is room: what was seen, and what usually helps."""
    for check in report.checks:
        if check.state is State.FAILED:
            console.print(f"[red]{escape(check.name)}[/red]\n  {escape(check.detail)}", soft_wrap=True)
            if check.advice:
                console.print(f"  → {check.advice}", markup=False, highlight=False, soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for check in report.checks:
        state = f"[{_STYLES[check.state]}]{check.state}[/]"
        table.add_row(state, escape(check.name), escape(check.detail))
    return table
