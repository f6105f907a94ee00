"""What ours costs, and A, from all that was measured."""

from collections.abc import Mapping

from benchmarks.cost import Bill, bill
from benchmarks.finding import Figure, Finding, Target
from benchmarks.functions import built
from benchmarks.status_check import StatusChecks
from benchmarks.usage import Usage
from benchmarks.workload import contact_ids, messages

SINGLES_EACH = "singles, with follow-up (`each`)"
SINGLES_FAILURES = "singles, with follow-up (`failures`)"

MEMORY_SIZES_MB = (128, 256, 512, 1024, 1769)


def bills(usage: Mapping[str, Usage], status_checks: Mapping[str, StatusChecks]) -> dict[str, Bill]:
    """Names say the memory of what deletes, and the value of OutcomeEvents.

    `usage` has "singles", "lists" and "A"; `status_checks` the first two, and "singles, failures".
    """
    memory_mb = built("BulkDeleteFunction").memory_mb
    singles = bill(usage["singles"], memory_mb=memory_mb, message_bytes=_message_bytes(1))
    lists = bill(usage["lists"], memory_mb=memory_mb, message_bytes=_message_bytes(1_000))
    memory_of_a, bill_of_a = _cheapest(usage["A"])
    return {
        f"singles, deletion alone ({memory_mb} MB)": singles,
        f"A, singles ({memory_of_a} MB)": bill_of_a,
        SINGLES_EACH: singles + _followed(status_checks["singles"]),
        SINGLES_FAILURES: singles + _followed(status_checks["singles, failures"]),
        f"lists, deletion alone ({memory_mb} MB)": lists,
        "lists, with follow-up (`each`)": lists + _followed(status_checks["lists"]),
    }


def findings(bills: Mapping[str, Bill]) -> list[Finding]:
    """What one-contact messages cost with follow-up, beside A, which follows nothing."""
    (a,) = (bill.total for name, bill in bills.items() if name.startswith("A, "))
    return [
        Finding(
            what="dollars",
            work=f"a million contacts in one-contact messages, {name}",
            ours=f"${bills[name].total:.2f}",
            others=f"A, deletion alone ${a:.2f}",
            measured=Figure.of(bills[name].total),
            target=Target("≤", limit, "dollars"),
        )
        for name, limit in ((SINGLES_FAILURES, min(1.10, a)), (SINGLES_EACH, 2.0))
    ]


def _followed(status_checks: StatusChecks) -> Bill:
    return bill(
        status_checks.usage,
        memory_mb=built("DeletionStatusFunction").memory_mb,
        message_bytes=status_checks.message_bytes,
        sent_by_another=False,
    )


def _cheapest(usage: Usage) -> tuple[int, Bill]:
    """A's memory size is not documented: the cheapest size is used, and tracing is off."""
    offers = [
        (size, bill(usage, memory_mb=size, message_bytes=_message_bytes(1), traced=False))
        for size in MEMORY_SIZES_MB
    ]
    return min(offers, key=lambda offer: offer[1].total)


def _message_bytes(contacts: int) -> int:
    (message,) = messages(contact_ids(contacts), of=contacts)
    return len(message["body"])
