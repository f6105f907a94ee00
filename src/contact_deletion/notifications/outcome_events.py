"""The events that report the final outcomes of requests."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from contact_deletion.deadline import timestamp
from contact_deletion.deliveries import Delivery
from contact_deletion.errors import NotAccepted, OutcomeUnknown, Rejected
from contact_deletion.outcomes import Accepted, ContactGroup, End, Ended, PartlyEnded
from contact_deletion.sendgrid.jobs import Job

MAX_CONTACT_IDS_LISTED = 100

Kind = Literal["Completed", "Failed", "Rejected", "Unknown"]

_FAILURES: tuple[Kind, ...] = ("Failed", "Rejected", "Unknown")

# The events that are published, by the value of the parameter OutcomeEvents.
PUBLISHED: Mapping[str, Collection[Kind]] = {
    "each": ("Completed", *_FAILURES),
    "failures": _FAILURES,
    "none": (),
}


@dataclass(frozen=True)
class OutcomeEvent:
    """The final outcome of one request.

    `detail` is the event's detail (docs/events.md, docs/outcome-event.schema.json), and also the response to the task
    that waits with `task_token`. `delivery` is the one that must come back if the event cannot be published.
    """

    kind: Kind
    detail: dict[str, Any]
    task_token: str | None = field(repr=False)
    delivery: Delivery = field(repr=False, compare=False)


def outcome_events(
    operation: str, delivery: Delivery, published: Collection[Kind], now: float
) -> list[OutcomeEvent]:
    """Returns no event while the request is in progress, and one for each tracked request that has ended.

    Leaves out those that are neither published nor the response to a task.
    """
    outcome = delivery.outcome
    if isinstance(outcome, PartlyEnded):
        outcome = outcome.ended
    if isinstance(outcome, Ended):
        return [
            _of_end(delivery, outcome, end, now)
            for end in outcome.ends
            if _kind(end) in published or end.request.task_token
        ]
    kind: Kind
    if isinstance(outcome, Rejected):
        kind = "Rejected"
    elif isinstance(outcome, Accepted) and not outcome.job_ids:
        kind = "Completed"
    else:
        return []
    if kind in published or delivery.task_token:
        return [_of_delivery(kind, operation, delivery, outcome, now)]
    return []


def _of_delivery(
    kind: Kind, operation: str, delivery: Delivery, outcome: Accepted | Rejected, now: float
) -> OutcomeEvent:
    accepted, rejected = (outcome, None) if isinstance(outcome, Accepted) else (None, outcome)
    detail = {
        "operation": operation,
        "request_id": delivery.request_id,
        "message_id": delivery.message_id,
        "job_ids": list(outcome.job_ids),
        "contact_count": accepted.contact_count if accepted else None,
        **reason(rejected, note=accepted.note if accepted else ""),
        "identifiers": accepted.resolution.counts.payload if accepted and accepted.resolution else None,
        "counts": _counts(()),
        "remaining_contacts": None,
        "unchecked_contacts": None,
        "accepted_at": timestamp(now) if accepted else None,
        "ended_at": timestamp(now),
    }
    return OutcomeEvent(kind, detail, delivery.task_token, delivery)


def _of_end(delivery: Delivery, ended: Ended, end: End, now: float) -> OutcomeEvent:
    detail = {
        "operation": end.request.operation,
        "request_id": end.request.request_id,
        "message_id": end.request.message_id,
        "job_ids": list(ended.job_ids),
        "contact_count": end.request.contact_count,
        **reason(end.failure),
        "identifiers": None if end.request.identifiers is None else end.request.identifiers.payload,
        "counts": _counts(ended.jobs),
        **contacts_of(end),
        "accepted_at": None if ended.accepted_at is None else timestamp(ended.accepted_at),
        "ended_at": timestamp(now),
    }
    return OutcomeEvent(_kind(end), detail, end.request.task_token, delivery)


def _kind(end: End) -> Kind:
    if end.failure is None:
        return "Completed"
    return "Unknown" if isinstance(end.failure, OutcomeUnknown) else "Failed"


def reason(failure: NotAccepted | None, note: str = "") -> dict[str, Any]:
    return {"code": failure.code if failure else None, "message": failure.message if failure else note}


def contacts_of(end: End) -> dict[str, Any]:
    """The contacts that should be deleted and still exist, and those that SendGrid refused to look up."""
    return {
        "remaining_contacts": _listed(end.remaining),
        "unchecked_contacts": _listed(end.unchecked),
    }


def _listed(contacts: ContactGroup | None) -> dict[str, Any] | None:
    if contacts is None:
        return None
    listed = list(contacts.contact_ids[:MAX_CONTACT_IDS_LISTED])
    return {"count": contacts.count, "contact_ids": listed, "truncated": contacts.count > len(listed)}


def _counts(jobs: Iterable[Job]) -> dict[str, int | None]:
    """Sums over the jobs, which other requests may share; None where SendGrid reported no count."""
    jobs = list(jobs)
    return {
        "requested": _sum(job.requested_count for job in jobs),
        "deleted": _sum(job.deleted_count for job in jobs),
        "errored": _sum(job.errored_count for job in jobs),
    }


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
