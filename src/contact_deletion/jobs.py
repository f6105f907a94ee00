"""A deletion job of SendGrid's, as its status endpoint tells of it."""

from dataclasses import dataclass

MAX_JOB_IDS = 1_000
"""That one status message, or one request to follow jobs, may name."""

COMPLETED = "completed"
PENDING = "pending"
UNKNOWN = "unknown"
"""SendGrid knows no such job: not yet, or not any more."""

_FAILURES = ("error", "fail")
"""How the words begin that SendGrid's documents and its users have for a job that did not do all it was asked to."""


@dataclass(frozen=True)
class Job:
    """`status` is SendGrid's word, in lower case, or `unknown`; a count that SendGrid did not tell is None.

    `errors_url` opens a file about contacts for whoever has it: it is for the caller, and for no log.
    """

    job_id: str
    status: str
    requested_count: int | None = None
    deleted_count: int | None = None
    errored_count: int | None = None
    errors_url: str | None = None

    @property
    def completed(self) -> bool:
        return self.status == COMPLETED

    @property
    def failed(self) -> bool:
        """Whether some or all of it failed: documented are `errored` and `failed`, seen were more."""
        return self.status.startswith(_FAILURES)

    @property
    def adds_up(self) -> bool:
        """Whether the counts, as far as they are told, agree that everything was deleted."""
        if self.errored_count:
            return False
        return (
            self.requested_count is None
            or self.deleted_count is None
            or self.deleted_count >= self.requested_count
        )
