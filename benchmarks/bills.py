"""What ours costs, and A, from all that was measured."""

from collections.abc import Mapping

from benchmarks.cost import Bill, bill
from benchmarks.functions import built
from benchmarks.status_check import StatusChecks
from benchmarks.usage import Usage
from benchmarks.workload import contact_ids, messages

MEMORY_SIZES_MB = (128, 256, 512, 1024, 1769)


def bills(usage: Mapping[str, Usage], status_checks: Mapping[str, StatusChecks]) -> dict[str, Bill]:
    """`usage` has "singles", "lists" and "A"; `status_checks` the first two. Names say the memory of what deletes."""
    memory_mb = built("BulkDeleteFunction").memory_mb
    singles = bill(usage["singles"], memory_mb=memory_mb, message_bytes=_message_bytes(1))
    lists = bill(usage["lists"], memory_mb=memory_mb, message_bytes=_message_bytes(1_000))
    memory_of_a, bill_of_a = _cheapest(usage["A"])
    return {
        f"singles, deletion alone ({memory_mb} MB)": singles,
        f"A, singles ({memory_of_a} MB)": bill_of_a,
        "singles, with follow-up": singles + _followed(status_checks["singles"]),
        f"lists, deletion alone ({memory_mb} MB)": lists,
        "lists, with follow-up": lists + _followed(status_checks["lists"]),
    }


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
