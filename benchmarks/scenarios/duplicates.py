"""What becomes of duplicates: no call is made for them, whether they come together or later."""

from collections.abc import Sequence

from benchmarks.contenders import OURS
from benchmarks.finding import Figure, Finding, Target
from benchmarks.redelivery import redelivered
from benchmarks.run import StandIns, run
from benchmarks.workload import Event, Record, batches, contact_ids, messages

CONTACTS = 1_000
COPIES = 3


def findings(world: StandIns) -> list[Finding]:
    once = messages(contact_ids(CONTACTS))
    together = [copy for each in once for copy in [each] * COPIES]
    later = once + [redelivered(each) for each in once] * (COPIES - 1)
    return [
        _finding("side by side", list(batches(together)), world),
        _finding("in later batches", list(batches(later)), world),
    ]


def _finding(way: str, events: Sequence[Event], world: StandIns) -> Finding:
    """Measured by the same batches less the duplicates: these take room in a batch, whatever is made of them."""
    with_duplicates, without = _calls(events, world), _calls(_first_deliveries(events), world)
    return Finding(
        what="duplicates",
        work=f"{CONTACTS:,} one-contact messages, each {COPIES} times, {way}",
        ours=f"{with_duplicates} DELETE calls",
        others=f"{without} without duplicates",
        measured=Figure.of(with_duplicates / without),
        target=Target("≤", 1, "× those without"),
    )


def _calls(events: Sequence[Event], world: StandIns) -> int:
    return run(OURS, events, CONTACTS, world).sendgrid.calls


def _first_deliveries(events: Sequence[Event]) -> list[Event]:
    seen: set[str] = set()
    return [{"Records": batch} for event in events if (batch := _unseen(event["Records"], seen))]


def _unseen(records: Sequence[Record], seen: set[str]) -> list[Record]:
    """And makes them seen."""
    first = {record["messageId"]: record for record in records if record["messageId"] not in seen}
    seen.update(first)
    return list(first.values())
