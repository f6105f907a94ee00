"""Outcome events as short sentences."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Event = Mapping[str, Any]

# The event's own message counts the contacts of each request; this is the same for all requests of a job.
_LEFT = "SendGrid's job left contacts behind"


def sentences(events: Iterable[Event], is_planned: Callable[[Event], bool]) -> list[str]:
    """One for all events that say the same; without personal data, since events have none.

    `is_planned` says whether a request was meant to end in failure or rejection.
    """
    alike: dict[tuple[str, ...], list[int]] = {}
    for event in events:
        detail = event["detail"]
        beginning = _beginning(event, is_planned)
        message = _LEFT if detail["code"] == "DeletionFailed" else detail["message"] or ""
        key = (beginning, detail["operation"], message)
        alike.setdefault(key, []).append(detail["contact_count"] or 0)
    return [
        _sentence(beginning, operation, message, counts)
        for (beginning, operation, message), counts in alike.items()
    ]


def _beginning(event: Event, is_planned: Callable[[Event], bool]) -> str:
    kind: str = event["detail-type"].rpartition(" ")[2]
    code = event["detail"]["code"]
    if code is None:
        return kind
    return f"{kind} as planned, {code}" if is_planned(event) else f"{kind}, {code}"


def _sentence(beginning: str, operation: str, message: str, counts: list[int]) -> str:
    requests = f" ({len(counts):,} requests)" if len(counts) > 1 else ""
    return f"{beginning}{requests}: {message or _done(operation, sum(counts))}"


def _done(operation: str, contacts: int) -> str:
    if operation == "remove_identifier":
        return f"an identifier removed from {counted(contacts, 'contact')}"
    return f"{counted(contacts, 'contact')} deleted"


def counted(number: int, what: str) -> str:
    """`1 contact`, `2 contacts`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
