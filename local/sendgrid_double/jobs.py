"""An asynchronous job: what a 202 of SendGrid promises."""

from dataclasses import dataclass
from typing import Literal

from local.sendgrid_double.contacts import IdentifierType

JobKind = Literal["delete", "delete_all", "remove_identifier", "upsert"]
JobStatus = Literal["pending", "completed", "errored", "failed"]
# `errored` spares half of the contacts (an upsert leaves half of them out), `failed` all; `completed` spares half and
# does not say so: its counts do not add up. `pending` never comes to anything.
ForcedEnding = JobStatus


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands. Times are seconds since the epoch.

    `contact_ids` are the ids asked for, each once; a `delete_all` names none, an `upsert` those that it created or
    updated. `ran_at` is when it took effect and its counts became known, `finished_at` when its status said so; None
    until then.
    """

    id: str
    kind: JobKind
    contact_ids: tuple[str, ...]
    requested_count: int
    started_at: float
    identifier: tuple[IdentifierType, str] | None = None
    forced_ending: ForcedEnding | None = None
    status: JobStatus = "pending"
    created_count: int = 0
    updated_count: int = 0
    deleted_count: int = 0
    errored_count: int = 0
    ran_at: float | None = None
    finished_at: float | None = None


def spared(job: Job, count: int) -> int:
    """How many of so many contacts a job leaves alone, because it was forced to an ending."""
    return {None: 0, "failed": count}.get(job.forced_ending, (count + 1) // 2)
