"""A deletion job of SendGrid's, as its status endpoint tells of it."""

from dataclasses import dataclass, field

COMPLETED = "completed"
PENDING = "pending"
UNKNOWN = "unknown"
"""SendGrid knows no such job: not yet, or not any more."""

UNANSWERED = "unanswered"
"""SendGrid could not be asked about the job, for as long as jobs are followed."""

# `completed` is documented. The others are what a job that did all that it was asked to might be called instead.
_COMPLETIONS = frozenset(
    {COMPLETED, "complete", "done", "finished", "processed", "success", "successful", "succeeded"}
)

# How the words begin for a job that did not do all that it was asked to. `errored` and `failed` are documented.
_FAILURES = ("error", "fail", "abort", "cancel", "partial", "reject", "expire")
_WITH_FAILURES = ("_with_error", "_with_errors", "_with_failures")


def is_completion(status: str) -> bool:
    """Whether the word, in lower case, says that a job did all that it was asked to."""
    return status in _COMPLETIONS


def is_failure(status: str) -> bool:
    """Whether the word, in lower case, says that a job has ended and some or all of it failed."""
    return status.startswith(_FAILURES) or status.endswith(_WITH_FAILURES)


@dataclass(frozen=True)
class Job:
    """`status` is SendGrid's word, in lower case, or one of those above; a count that SendGrid did not tell is None.
    `finished_at` is in seconds since the epoch.

    `errors_url` opens a file about contacts, with addresses where the job was an import, for whoever has it. It is for
    a caller who asks for it, and for no log: Step Functions keeps what a workflow receives for 90 days.
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
        """Whether some or all of it failed."""
        return is_failure(self.status)

    @property
    def counts_match(self) -> bool:
        """Whether the job calls itself `completed`, as documented, and its counts, where known, agree.

        Another word for it is not documented, so it leaves a doubt.
        """
        if self.status != COMPLETED or self.errored_count:
            return False
        return (
            self.requested_count is None
            or self.deleted_count is None
            or self.deleted_count >= self.requested_count
        )
