"""The response to a Step Functions workflow that invoked the function directly."""

import json
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any

from contact_deletion.deadline import timestamp
from contact_deletion.errors import NotAccepted
from contact_deletion.notifications.outcome_events import contacts_of, reason
from contact_deletion.outcomes import Accepted, End, Ended, JobPending, Outcome
from contact_deletion.sendgrid.jobs import Job

# Step Functions accepts 32,768 characters of an error's cause, of which a job's ID needs 42.
MAX_JOB_IDS_IN_ERROR = 500


def direct_response(outcome: Outcome, request_id: str | None) -> dict[str, Any]:
    """The outcome as JSON. A failure is raised: the name of its class is what `ErrorEquals` compares with.

    The message of a failure for which jobs were started is JSON that names them (requests/caught_error.py).
    """
    if isinstance(outcome, Accepted):
        return _accepted(outcome, request_id)
    if isinstance(outcome, Ended):
        return _tracked(outcome.status, outcome.jobs, outcome.ends, 0)
    if isinstance(outcome, JobPending):
        return _tracked("pending", outcome.jobs, map(End, outcome.requests), outcome.next_poll_delay)
    raise _with_named_jobs(outcome) if outcome.job_ids else outcome


def _with_named_jobs(outcome: NotAccepted) -> NotAccepted:
    error = copy(outcome)
    content = {"message": outcome.message, "job_ids": outcome.job_ids[:MAX_JOB_IDS_IN_ERROR]}
    error.args = (json.dumps(content),)
    return error


def _accepted(outcome: Accepted, request_id: str | None) -> dict[str, Any]:
    accepted: dict[str, Any] = {
        "status": "accepted",
        "request_id": request_id,
        "job_ids": list(outcome.job_ids),
        "contact_count": outcome.contact_count,
        "replayed": outcome.replayed,
    }
    if outcome.resolution is not None:
        accepted["identifiers"] = outcome.resolution.counts.payload
        accepted["contact_ids"] = sorted(outcome.resolution.contact_ids)
    return accepted | {"note": outcome.note} if outcome.note else accepted


def _tracked(status: str, jobs: Sequence[Job], ends: Iterable[End], retry_after: int) -> dict[str, Any]:
    return {
        "status": status,
        "job_ids": [job.job_id for job in jobs],
        "jobs": [_job(job) for job in jobs],
        "requests": [
            {"request_id": end.request.request_id, **reason(end.failure), **contacts_of(end)} for end in ends
        ],
        "retry_after": retry_after,
    }


def _job(job: Job) -> dict[str, Any]:
    fields = {**vars(job), "finished_at": None if job.finished_at is None else timestamp(job.finished_at)}
    if job.errors_url is None:
        del fields["errors_url"]
    return fields
