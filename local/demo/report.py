"""The demo's table."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from local.aws.stack import EmbeddedStack
from local.demo import account
from local.demo.workload import Workload
from local.sendgrid_double import SendGridDouble


def rows(work: Workload, stack: EmbeddedStack, double: SendGridDouble) -> list[tuple[str, str]]:
    """What was asked for and what it took."""
    seen = account.outcomes(stack)
    calls = [call for call in double.requests if call.method == "DELETE"]
    statuses = Counter(call.status for call in calls)
    gone = len(work.gone - double.account.contact_ids())
    events = stack.recorded_events()
    polls = sum(call.route.endswith("/imports/{job_id}") for call in double.requests)
    return [
        ("messages in", f"{work.message_count:,}"),
        ("  accepted", f"{len(seen.accepted - seen.replayed):,}"),
        ("  replayed from the ledger", f"{len(seen.replayed):,}"),
        ("  rejected", f"{len(seen.rejected):,}"),
        ("contacts gone", f"{gone:,} of {len(work.gone):,}"),
        ("identifiers removed", f"{len(work.removed):,}"),
        (
            "DELETE calls made",
            f"{len(calls):,}, and {account.fewest_deletion_calls(work):,} are the fewest possible",
        ),
        ("  answered 202", f"{statuses[202]:,}"),
        (
            "  answered otherwise",
            _listed({status or "nothing": count for status, count in statuses.items() if status != 202}),
        ),
        ("outcome events", _listed(account.kinds(events))),
        ("  jobs asked for", f"{len(double.account.jobs()):,}, with {polls:,} calls"),
        ("waited for the rate limit", f"{account.seconds_waited(stack):.0f} seconds"),
        ("deferred and retried", _listed(seen.deferred)),
        ("dead letters", _listed(account.dead_letters(stack))),
    ]


def show(console: Console, lines: list[tuple[str, str]], wrong: list[str], seconds: float) -> None:
    table = Table(title="What became of it", show_header=False, title_justify="left")
    for name, value in lines:
        table.add_row(name, value)
    console.print(table)
    for discrepancy in wrong:
        console.print(f"[red]{discrepancy}[/red]")
    verdict = (
        "[red]Not everything is accounted for[/red]"
        if wrong
        else "[green]Every message and contact is accounted for[/green]"
    )
    console.print(f"{verdict} after {seconds:.0f} seconds.")


def _listed(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=str)) or "none"
