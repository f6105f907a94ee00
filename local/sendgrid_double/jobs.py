"""An asynchronous job: what a 202 of SendGrid promises."""

from dataclasses import dataclass
from typing import Literal

from local.sendgrid_double.contacts import IdentifierType

JobKind = Literal["delete", "delete_all", "remove_identifier"]
JobStatus = Literal["pending", "completed", "errored", "failed"]
ForcedEnding = Literal["errored", "failed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One job as it stands. Times are seconds since the epoch; `finished_at` is None until it has run.

    `contact_ids` are the ids asked for, each once; a `delete_all` names none.
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
    finished_at: float | None = None
