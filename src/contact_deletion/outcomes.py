"""What became of a request: exactly one outcome each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contact_deletion.errors import Deferred, DeletionFailed, Failure
from contact_deletion.jobs import Job

if TYPE_CHECKING:
    from contact_deletion.request.follow_up import FollowedRequest


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
class End:
    """The end of one followed request; without a `failure` it is completed.

    `still_there` are those of its contacts that SendGrid has all the same; None where they were not looked up.
    """

    request: "FollowedRequest"
    failure: DeletionFailed | None = None
    still_there: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Ended:
    """All jobs of a follow-up have ended, or have been given up; each of its requests has an end.

    `accepted_at` is the follow-up's.
    """

    jobs: tuple[Job, ...]
    ends: tuple[End, ...]
    accepted_at: float | None = None

    @property
    def job_ids(self) -> tuple[str, ...]:
        return tuple(job.job_id for job in self.jobs)

    @property
    def failed(self) -> bool:
        return any(end.failure for end in self.ends)


class JobPending(Deferred):
    """Some job of a follow-up has not ended; `ask_again_after` is in seconds, for a caller who has no queue."""

    def __init__(
        self, jobs: tuple[Job, ...], requests: tuple["FollowedRequest", ...], ask_again_after: int
    ) -> None:
        super().__init__("the job has not ended yet", job_ids=[job.job_id for job in jobs])
        self.jobs = jobs
        self.requests = requests
        self.ask_again_after = ask_again_after


DeletionOutcome = Accepted | Failure
Outcome = DeletionOutcome | Ended
