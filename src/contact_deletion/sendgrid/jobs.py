"""Deletion jobs of SendGrid, as its status endpoint reports them."""

from dataclasses import dataclass, field

COMPLETED = "completed"
PENDING = "pending"

# SendGrid does not know the job: not yet, or no longer.
UNKNOWN = "unknown"

# SendGrid did not report the job's status as long as jobs are tracked.
NOT_REPORTED = "unanswered"

# `completed` is documented. The others are what SendGrid might call a job that succeeded.
_COMPLETIONS = frozenset(
    {COMPLETED, "complete", "done", "finished", "processed", "success", "successful", "succeeded"}
)

# How the status of a failed job begins. `errored` and `failed` are documented.
_FAILURES = ("error", "fail", "abort", "cancel", "partial", "reject", "expire")
_WITH_FAILURES = ("_with_error", "_with_errors", "_with_failures")


def is_completion(status: str) -> bool:
    """Whether the status, in lower case, is that of a job that succeeded."""
    return status in _COMPLETIONS


def is_failure(status: str) -> bool:
    """Whether the status, in lower case, is that of a job that failed in whole or in part."""
    return status.startswith(_FAILURES) or status.endswith(_WITH_FAILURES)


@dataclass(frozen=True)
class Job:
    """A job of SendGrid, as it was reported last.

    `status` is SendGrid's word in lower case, or one of those above. A count that SendGrid did not report is None.
    `finished_at` is in seconds since the epoch. `errors_url` gives access to a file about contacts without further
    authentication, and after an import the file has e-mail addresses. It is returned to callers that ask for it, and
    never logged: Step Functions stores what a workflow receives for 90 days.
    """

    job_id: str
    status: str
    requested_count: int | None = None
    deleted_count: int | None = None
    errored_count: int | None = None
    errors_url: str | None = field(default=None, repr=False)
    finished_at: float | None = None

    @property
    def completed(self) -> bool:
        return is_completion(self.status)

    @property
    def failed(self) -> bool:
        """Whether it failed in whole or in part."""
        return is_failure(self.status)

    @property
    def counts_match(self) -> bool:
        """Whether the status is `completed`, as documented, and the counts agree, as far as they are known.

        No other word is documented, so any other leaves a doubt.
        """
        if self.status != COMPLETED or self.errored_count:
            return False
        return (
            self.requested_count is None
            or self.deleted_count is None
            or self.deleted_count >= self.requested_count
        )
