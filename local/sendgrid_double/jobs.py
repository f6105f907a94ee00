"""An asynchronous job: what a 202 of SendGrid promises."""

from dataclasses import dataclass
from typing import Literal

from local.sendgrid_double.contacts import IdentifierType

JobKind = Literal["delete", "delete_all", "remove_identifier"]
JobStatus = Literal["pending", "completed", "errored", "failed"]
ForcedEnding = JobStatus
"""`errored` spares half of the contacts, `failed` all; `completed` spares half and does not say so: its counts do
not add up. `pending` never comes to anything."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands. Times are seconds since the epoch.

    `contact_ids` are the ids asked for, each once; a `delete_all` names none. `ran_at` is when it took effect
    and its counts became known, `finished_at` when its status said so; None until then.
    """

    id: str
    kind: JobKind
    contact_ids: tuple[str, ...]
    requested_count: int
    started_at: float
    identifier: tuple[IdentifierType, str] | None = None
    forced_ending: ForcedEnding | None = None
    status: JobStatus = "pending"
    deleted_count: int = 0
    errored_count: int = 0
    ran_at: float | None = None
    finished_at: float | None = None
