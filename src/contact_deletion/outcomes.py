"""What became of a request: exactly one outcome each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from contact_deletion.errors import Deferred, DeletionFailed, Failure, NotAccepted, OutcomeUnknown

if TYPE_CHECKING:
    from contact_deletion.requests.status_check import StatusCheck, TrackedRequest
    from contact_deletion.sendgrid.jobs import Job


@dataclass(frozen=True)
class Accepted:
    """SendGrid has queued the deletion, or there was nothing to delete.

    `contact_count` is the number of contacts the request names (all the account's for a delete-all), `replayed` says
    that the ledger answered and nobody was called, `note` is for people. Where it is not `recorded`, the ledger could
    not be written, and the same request would be sent again.
    """

    job_ids: tuple[str, ...]
    contact_count: int
    replayed: bool = False
    note: str = ""
    recorded: bool = True


@dataclass(frozen=True)
class ContactGroup:
    """Some contacts: how many, and their IDs; of a whole account's contacts the IDs are not known."""

    count: int
    contact_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, contact_ids: Iterable[str]) -> Self:
        ids = tuple(sorted(contact_ids))
        return cls(len(ids), ids)


@dataclass(frozen=True)
class End:
    """The end of one followed request; without a `failure` it is completed.

    `remaining` are those of its contacts that SendGrid has all the same, None where they were not looked up;
    `unchecked` are those that SendGrid refused to look up, if any.
    """

    request: "TrackedRequest"
    failure: NotAccepted | None = None
    remaining: ContactGroup | None = None
    unchecked: ContactGroup | None = None


@dataclass(frozen=True)
class Ended:
    """All jobs of a follow-up have ended, or have been given up; each of its requests has an end.

    Without jobs, the follow-up is of requests that were not accepted.
    `accepted_at` is the follow-up's.
    """

    jobs: tuple["Job", ...]
    ends: tuple[End, ...]
    accepted_at: float | None = None

    @property
    def job_ids(self) -> tuple[str, ...]:
        return tuple(job.job_id for job in self.jobs)

    @property
    def status(self) -> Literal["completed", "failed", "not_accepted", "unknown"]:
        """The worst that became of a request."""
        failures = [end.failure for end in self.ends if end.failure is not None]
        if all(isinstance(failure, OutcomeUnknown) for failure in failures):
            return "unknown" if failures else "completed"
        failed = self.jobs or any(isinstance(failure, DeletionFailed) for failure in failures)
        return "failed" if failed else "not_accepted"


class JobPending(Deferred):
    """Some job of a follow-up has not ended; `next_poll_delay` is in seconds, for a caller who has no queue."""

    def __init__(
        self, jobs: tuple["Job", ...], requests: tuple["TrackedRequest", ...], next_poll_delay: int
    ) -> None:
        super().__init__("the job has not ended yet", job_ids=[job.job_id for job in jobs])
        self.jobs = jobs
        self.requests = requests
        self.next_poll_delay = next_poll_delay


class PartlyEnded(JobPending):
    """Some requests of a follow-up have `ended`; more may be learned of the others, which the `rest` is about."""

    def __init__(self, pending: JobPending, ended: Ended, rest: "StatusCheck") -> None:
        super().__init__(pending.jobs, pending.requests, pending.next_poll_delay)
        self.ended = ended
        self.rest = rest


@dataclass(frozen=True)
class Checkpoint:
    """How far an unfinished request has come.

    `done` are its IDs that need no other call, `refused` those that SendGrid refused to delete although it showed
    their contacts, since `refused_at` at least, in seconds since the epoch.
    """

    done: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    refused_at: float = 0.0


START = Checkpoint()


DeletionOutcome = Accepted | Failure
Outcome = DeletionOutcome | Ended
