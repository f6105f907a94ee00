"""The errors of the package: every way in which a request is not accepted, one class each.

The class's name is the code that users see: in dead-letter attributes, logs, metrics and, since a Lambda function's
error type is its exception's class name, in the `ErrorEquals` of a Step Functions workflow. Messages name fields and
expectations, never a value: they are logged and sent on.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError


class NotAccepted(Exception):
    """An outcome other than acceptance. It is raised, or used as a value.

    `job_ids` are the SendGrid jobs that were started for the request before it failed.
    """

    def __init__(self, message: str, *, job_ids: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.job_ids = tuple(job_ids)

    @property
    def code(self) -> str:
        return type(self).__name__

    def with_jobs(self, job_ids: Iterable[str]) -> Self:
        """A copy with the jobs of one of the requests that share this outcome."""
        same = copy(self)
        same.job_ids = tuple(job_ids)
        return same


class Rejected(NotAccepted):
    """Never worth retrying: the message goes to the dead-letter queue."""


class InvalidRequest(Rejected):
    """The request does not parse or validate."""


class DeleteAllRefused(Rejected):
    """A guard refused the delete-all. Nothing was sent for this `request_id`."""


class DeleteAllUnconfirmed(Rejected):
    """SendGrid may or may not have received the delete-all; it is not sent again."""

    @classmethod
    def because(cls, why: str) -> Self:
        return cls(f"the delete-all may or may not have reached SendGrid, and is not sent again ({why})")


class DeletionUntracked(Rejected):
    """SendGrid accepted the deletion, but it could be neither recorded nor tracked. It is not sent again."""

    @classmethod
    def of(cls, job_ids: tuple[str, ...]) -> Self:
        jobs = ", ".join(job_ids)
        return cls(
            f"SendGrid accepted it, but it could be neither recorded nor tracked (jobs {jobs})",
            job_ids=job_ids,
        )


class LastIdentifier(Rejected):
    """The identifier is the contact's only one, and SendGrid keeps no contact without an identifier."""


class ContactNotFound(Rejected):
    """The contact whose identifier is to be removed does not exist."""


class RequestConflict(Rejected):
    """The `request_id` was used before with different content."""


class SendGridRefused(Rejected):
    """SendGrid itself answered with a 4xx status that repeating the call cannot fix.

    `status` is the HTTP status.
    """

    def __init__(self, message: str, *, status: int = 0, job_ids: Iterable[str] = ()) -> None:
        super().__init__(message, job_ids=job_ids)
        self.status = status


class Deferred(NotAccepted):
    """Worth retrying, later: `retry_after` is the least number of seconds to wait.

    Requests deferred in the same `part` come back together, those of different parts at different times.
    """

    part = 0

    def __init__(self, message: str, *, retry_after: float = 0.0, job_ids: Iterable[str] = ()) -> None:
        super().__init__(message, job_ids=job_ids)
        self.retry_after = retry_after

    def in_part(self, part: int) -> Self:
        """A copy for the requests of this part."""
        same = copy(self)
        same.part = part
        return same


class SendGridUnauthorized(Deferred):
    """401 or 403: the API key, its scope, or SendGrid's temporary block. Fixed by a person, so retried slowly.

    Where they are about the key's region, they are SendGridRefused.
    """

    def __init__(self, message: str, *, retry_after: float = 900.0, job_ids: Iterable[str] = ()) -> None:
        super().__init__(message, retry_after=retry_after, job_ids=job_ids)


class RateLimited(Deferred):
    """The rate limit's window is spent and the invocation has no time to wait for the next."""


class SendGridUnavailable(Deferred):
    """5xx, timeout, connection failure, or a response that does not have the documented form.

    `maybe_received` is false only where SendGrid surely did not act on the call; `status` is the HTTP status of a 5xx
    answer, otherwise 0.
    """

    def __init__(
        self,
        message: str,
        *,
        maybe_received: bool = True,
        status: int = 0,
        retry_after: float = 0.0,
        job_ids: Iterable[str] = (),
    ) -> None:
        super().__init__(message, retry_after=retry_after, job_ids=job_ids)
        self.maybe_received = maybe_received
        self.status = status


class RequestInProgress(Deferred):
    """Another invocation is handling the same request."""


class LedgerUnavailable(Deferred):
    """The ledger could not be read or written. This delivery sent nothing."""


class BackupIncomplete(Rejected):
    """The backup does not contain every contact, or cannot be shown to."""


class ListUnreadable(Rejected):
    """The list does not exist, changed while it was read, or is in no format that can be read. Nothing was deleted."""


class ListResultUnreadable(Rejected):
    """The result file of a batch does not contain the outcome of the batch."""


class BucketUnavailable(Deferred):
    """A call to S3 failed."""


class DeletionFailed(NotAccepted):
    """SendGrid accepted the request and did not complete it: contacts remain, or its job ended in failure."""


class OutcomeUnknown(NotAccepted):
    """SendGrid accepted the request, but it could not be determined whether its contacts are deleted."""


Failure = Rejected | Deferred


def error_code(error: Exception) -> str:
    """AWS's error code, or the name of the error's class where AWS did not respond.

    AWS's messages can quote what was sent; its codes cannot.
    """
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


@contextmanager
def bucket_errors() -> Iterator[None]:
    """Turns the errors that botocore raises after its own retries into BucketUnavailable."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise BucketUnavailable(f"the call to S3 failed ({error_code(error)})") from None
