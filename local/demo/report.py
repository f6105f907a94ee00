"""The demo's end: a table of what became of everything, and whether it is all accounted for."""

from collections import Counter
from dataclasses import dataclass

from rich.box import HORIZONTALS
from rich.console import Console
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from local.demo import reconciliation
from local.demo.journal import Journal
from local.demo.sentences import Event, counted
from local.demo.workload import Workload
from local.sendgrid_double import RateLimit, SendGridDouble

# What, how many, and what that means.
Row = tuple[str, str, str]

_BULK_DELETION = ("DELETE", "/v3/marketing/contacts")
_PLANNED_429 = 1
_WIDEST = 100


@dataclass(frozen=True)
class Report:
    """`sections` of rows, `problems` that should not be, and the seconds that it all took."""

    sections: list[list[Row]]
    problems: list[str]
    seconds: float

    def show(self, console: Console) -> None:
        table = Table(box=HORIZONTALS, show_header=False)
        table.add_column(style="bold", overflow="fold")
        table.add_column(justify="right", style="cyan", overflow="fold")
        table.add_column()
        for section in self.sections:
            for row in section:
                table.add_row(*map(Text, row))
            table.add_section()
        console.print(Text("What became of it", style="bold"))
        console.print(Constrain(table, _WIDEST))
        for problem in self.problems:
            console.print(Text(problem, style="red"), soft_wrap=True)
        console.print(self._verdict())

    def _verdict(self) -> Text:
        if self.problems:
            return Text(
                f"Not everything is accounted for. After {self.seconds:.0f} seconds.", style="bold red"
            )
        return Text(
            f"Every request and every contact is accounted for, after {self.seconds:.0f} seconds.",
            style="bold green",
        )


def request_rows(work: Workload, journal: Journal, events: list[Event]) -> list[Row]:
    """What became of the requests that went through the queues."""
    kinds = reconciliation.kinds(events)
    of_queue = {queue: len(bodies) for queue, bodies in work.messages.items()}
    by_email = sum("identifier_values" in body for body in work.messages["BulkDeleteQueue"])
    sent = (
        f"{of_queue['BulkDeleteQueue'] - by_email:,} by ID, {by_email:,} by e-mail address, "
        f"{of_queue['RemoveIdentifierQueue']:,} to remove an identifier, "
        f"{of_queue['DeleteAllQueue']:,} to delete all"
    )
    return [
        ("Requests", f"{work.message_count:,}", sent),
        ("  completed", f"{kinds['Completed']:,}", "SendGrid did all that they requested"),
        (
            "  failed, as planned",
            f"{kinds['Failed']:,}",
            "one job left half of its contacts, which were theirs",
        ),
        (
            "  rejected, as planned",
            f"{kinds['Rejected']:,}",
            f"dead letters: {_listed(Counter(work.rejected.values()))}",
        ),
        (
            "Duplicate requests",
            f"{len(journal.replayed):,}",
            "completed from the ledger, without a call to SendGrid",
        ),
        (
            "Deferred requests",
            f"{len(journal.deferred):,}",
            "waited in the queue for another try, after planned faults",
        ),
        (
            "Duplicate events",
            f"{reconciliation.duplicates(events):,}",
            "allowed, since delivery is at least once",
        ),
    ]


def sendgrid_rows(
    work: Workload, journal: Journal, double: SendGridDouble, rate_limit: RateLimit
) -> list[Row]:
    """What it came to at SendGrid."""
    there = {contact.id: contact for contact in double.account.contacts()}
    left = len(work.gone & there.keys())
    removed = sum(contact in there and not getattr(there[contact], name) for contact, name in work.removed)
    calls = [call for call in double.requests if (call.method, call.route) == _BULK_DELETION]
    responses = Counter(call.status for call in calls)
    refused = sum(code == "SendGridRefused" for code in work.rejected.values())
    wrong = (
        f"{responses[400]} got 400 for {counted(refused, 'refused ID')}, {_PLANNED_429} got 429, "
        f"{responses[502]} got 502, {responses[None]} got no response"
    )
    too_early = responses[429] - _PLANNED_429
    return [
        (
            "Contacts deleted",
            f"{len(work.gone) - left:,}",
            f"of {len(work.gone):,}; the other {left:,} are those that the planned job left",
        ),
        (
            "Identifiers removed",
            f"{removed:,}",
            f"of {len(work.removed):,}; the contacts still have their others",
        ),
        (
            "Bulk deletion calls",
            f"{len(calls):,}",
            f"{reconciliation.fewest_bulk_calls(work):,} are the fewest possible; as planned, {wrong}",
        ),
        (
            "Rate limit",
            f"{journal.seconds_waited:.0f} s",
            f"waited for it, at {rate_limit.limit} calls in {rate_limit.window_seconds:.0f} seconds; "
            f"{counted(too_early, 'call')} too early",
        ),
    ]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
