"""What is said of a request when nothing more will happen to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from contact_deletion.deadline import timestamp
from contact_deletion.deliveries import Settled
from contact_deletion.errors import NotAccepted, OutcomeUnknown, Rejected
from contact_deletion.outcomes import Accepted, ContactGroup, End, Ended, PartlyEnded
from contact_deletion.sendgrid.jobs import Job

MAX_CONTACT_IDS_LISTED = 100

Kind = Literal["Accepted", "Completed", "Failed", "Rejected", "Unknown"]


@dataclass(frozen=True)
class OutcomeEvent:
    """`detail` is that of the outcome event (docs/events.md), and the answer to whoever waits with a task token."""

    kind: Kind
    detail: dict[str, Any]
    task_token: str | None = field(repr=False)


def outcome_events(operation: str, settled: Settled, now: float, *, followed: bool) -> list[OutcomeEvent]:
    """None while the request is under way; one for each followed request when jobs have ended.

    Where jobs are not `followed`, acceptance is all that will ever be known.
    """
    outcome = settled.outcome
    if isinstance(outcome, PartlyEnded):
        outcome = outcome.ended
    if isinstance(outcome, Ended):
        return [_of_end(outcome, end, now) for end in outcome.ends]
    if isinstance(outcome, Rejected):
        return [_of_delivery("Rejected", operation, settled, outcome, now)]
    if isinstance(outcome, Accepted) and not outcome.job_ids:
        return [_of_delivery("Completed", operation, settled, outcome, now)]
    if isinstance(outcome, Accepted) and not followed:
        return [_of_delivery("Accepted", operation, settled, outcome, now)]
    return []


def _of_delivery(
    kind: Kind, operation: str, settled: Settled, outcome: Accepted | Rejected, now: float
) -> OutcomeEvent:
    accepted, rejected = (outcome, None) if isinstance(outcome, Accepted) else (None, outcome)
    detail = {
        "operation": operation,
        "request_id": settled.request_id,
        "message_id": settled.message_id,
        "job_ids": list(outcome.job_ids),
        "contact_count": accepted.contact_count if accepted else None,
        **reason(rejected, note=accepted.note if accepted else ""),
        "counts": _counts(()),
        "remaining_contacts": None,
        "unchecked_contacts": None,
        "accepted_at": timestamp(now) if accepted else None,
        "ended_at": timestamp(now),
    }
    return OutcomeEvent(kind, detail, settled.task_token)


def _of_end(ended: Ended, end: End, now: float) -> OutcomeEvent:
    detail = {
        "operation": end.request.operation,
        "request_id": end.request.request_id,
        "message_id": end.request.message_id,
        "job_ids": list(ended.job_ids),
        "contact_count": end.request.contact_count,
        **reason(end.failure),
        "counts": _counts(ended.jobs),
        **contacts_of(end),
        "accepted_at": None if ended.accepted_at is None else timestamp(ended.accepted_at),
        "ended_at": timestamp(now),
    }
    return OutcomeEvent(_kind(end), detail, end.request.task_token)


def _kind(end: End) -> Kind:
    if end.failure is None:
        return "Completed"
    return "Unknown" if isinstance(end.failure, OutcomeUnknown) else "Failed"


def reason(failure: NotAccepted | None, note: str = "") -> dict[str, Any]:
    return {"code": failure.code if failure else None, "message": failure.message if failure else note}


def contacts_of(end: End) -> dict[str, Any]:
    """The contacts that were to be deleted and are there all the same, and those that SendGrid refused to look up."""
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
    """Sums over the jobs, which other requests may share; None where SendGrid told no count."""
    told = list(jobs)
    return {
        "requested": _sum(job.requested_count for job in told),
        "deleted": _sum(job.deleted_count for job in told),
        "errored": _sum(job.errored_count for job in told),
    }


def _sum(counts: Iterable[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None
