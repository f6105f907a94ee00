"""What the demo shows while it works: the state of things, and the outcome events as they arrive."""

import json
import time
from collections import Counter

from rich.console import Console
from rich.live import Live
from rich.table import Table

from local.aws.stack import RECORDED_EVENTS, EmbeddedStack
from local.sendgrid_double import SendGridDouble

_LOOK_EVERY_SECONDS = 0.5
_LINE_EVERY_SECONDS = 5.0
"""Where nobody looks at a terminal."""


def watch(
    console: Console, stack: EmbeddedStack, double: SendGridDouble, timeout_seconds: float, shown: set[str]
) -> None:
    """Shows the work until no message is left in a queue and no job is pending, and the first outcome event of each
    kind that is not among those `shown`. Raises TimeoutError.
    """
    deadline = time.monotonic() + timeout_seconds
    next_line = 0.0
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            state = _state(stack, double)
            if console.is_terminal:
                _show_new_kinds(console, stack, shown)
                live.update(_table(state), refresh=True)
            elif time.monotonic() >= next_line:
                next_line = time.monotonic() + _LINE_EVERY_SECONDS
                console.print(", ".join(f"{name} {value}" for name, value in state.items()), soft_wrap=True)
                _show_new_kinds(console, stack, shown)
            if not state["messages waiting"] + state["messages in flight"] + state["jobs pending"]:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done after {timeout_seconds:.0f} seconds: {state}")
            time.sleep(_LOOK_EVERY_SECONDS)


def _show_new_kinds(console: Console, stack: EmbeddedStack, shown: set[str]) -> None:
    for event in stack.recorded_events():
        kind = event["detail-type"]
        if kind not in shown and (event["detail"]["job_ids"] or kind == "Contact Deletion Rejected"):
            shown.add(kind)
            console.print(f"{kind}: {json.dumps(event['detail'])}", soft_wrap=True)


def _state(stack: EmbeddedStack, double: SendGridDouble) -> dict[str, int]:
    stack.check()
    counts = stack.queue_counts()
    sources = [counts[queue] for queue in stack.event_source_mappings]
    statuses = Counter(call.status for call in double.requests)
    return {
        "messages waiting": sum(queue.visible + queue.delayed for queue in sources),
        "messages in flight": sum(queue.in_flight for queue in sources),
        "outcome events": counts[RECORDED_EVENTS].total,
        "dead letters": sum(count.total for queue, count in counts.items() if "DeadLetter" in queue),
        "contacts": len(double.account),
        "jobs pending": sum(job.status == "pending" for job in double.account.jobs()),
        "calls": len(double.requests),
        "of these 429": statuses[429],
        "of these 5xx": sum(count for status, count in statuses.items() if status and status >= 500),
    }


def _table(state: dict[str, int]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in state.items():
        table.add_row(name, f"{value:,}")
    return table
