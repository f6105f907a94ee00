"""Outcomes: every request has exactly one. Those that are failures are in errors.py."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from contact_deletion.errors import Deferred, DeletionFailed, Failure, NotAccepted, OutcomeUnknown
from contact_deletion.requests.resolution import Resolution

if TYPE_CHECKING:
    from contact_deletion.requests.status_check import StatusCheck, TrackedRequest
    from contact_deletion.sendgrid.jobs import Job


@dataclass(frozen=True)
class Accepted:
    """SendGrid has queued the deletion, or there was nothing to delete.

    `contact_count` is the number of contacts that the request names, or for a delete-all that the account has. A
    `replayed` outcome comes from the ledger, without a call to SendGrid. `note` is for people. Where it is not
    `recorded`, the ledger could not be written, and the same request would be sent again. A request by identifiers has
    their `resolution`, and its contacts are those found.
    """

    job_ids: tuple[str, ...]
    contact_count: int
    replayed: bool = False
    note: str = ""
    recorded: bool = True
    resolution: Resolution | None = None


@dataclass(frozen=True)
class ContactGroup:
    """A number of contacts, and their IDs unless they are all contacts of an account."""

    count: int
    contact_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, contact_ids: Iterable[str]) -> Self:
        ids = tuple(sorted(contact_ids))
        return cls(len(ids), ids)


@dataclass(frozen=True)
class End:
    """The end of one tracked request, which is completed unless it has a `failure`.

    `remaining` are those of its contacts that still exist, None where they were not looked up. `unchecked` are those
    that SendGrid refused to look up, if any.
    """

    request: "TrackedRequest"
    failure: NotAccepted | None = None
    remaining: ContactGroup | None = None
    unchecked: ContactGroup | None = None


@dataclass(frozen=True)
class Ended:
    """All jobs of a status check have ended, or are given up, and each of its requests has an end.

    The status check of requests that were not accepted may be without jobs. `accepted_at` is the status check's, in
    seconds since the epoch.
    """

    jobs: tuple["Job", ...]
    ends: tuple[End, ...]
    accepted_at: float | None = None

    @property
    def job_ids(self) -> tuple[str, ...]:
        return tuple(job.job_id for job in self.jobs)

    @property
    def status(self) -> Literal["completed", "failed", "not_accepted", "unknown"]:
        """The worst outcome of a request."""
        failures = [end.failure for end in self.ends if end.failure is not None]
        if all(isinstance(failure, OutcomeUnknown) for failure in failures):
            return "unknown" if failures else "completed"
        failed = self.jobs or any(isinstance(failure, DeletionFailed) for failure in failures)
        return "failed" if failed else "not_accepted"


class JobPending(Deferred):
    """A job of a status check has not ended. `next_poll_delay` is in seconds, for a caller without a queue."""

    def __init__(
        self, jobs: tuple["Job", ...], requests: tuple["TrackedRequest", ...], next_poll_delay: int
    ) -> None:
        super().__init__("the job has not ended yet", job_ids=[job.job_id for job in jobs])
        self.jobs = jobs
        self.requests = requests
        self.next_poll_delay = next_poll_delay


class PartlyEnded(JobPending):
    """Some requests of a status check have `ended`. `rest` is the status check of the others."""

    def __init__(self, pending: JobPending, ended: Ended, rest: "StatusCheck") -> None:
        super().__init__(pending.jobs, pending.requests, pending.next_poll_delay)
        self.ended = ended
        self.rest = rest


@dataclass(frozen=True)
class Checkpoint:
    """How far an unfinished bulk deletion has come.

    `done` are its IDs that need no other call. `refused` are those that SendGrid refused to delete although it still
    showed their contacts, at `refused_at` for the first time, in seconds since the epoch. The IDs of a request by
    identifiers are those of its `resolution`.
    """

    done: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    refused_at: float = 0.0
    resolution: Resolution | None = None


START = Checkpoint()


DeletionOutcome = Accepted | Failure
Outcome = DeletionOutcome | Ended
