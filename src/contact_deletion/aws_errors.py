"""What may be said of an error of AWS's: its messages can quote what was sent, its codes cannot."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.errors import BucketUnavailable


def error_code(error: Exception) -> str:
    """AWS's code where AWS answered, otherwise the class of the error."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


@contextmanager
def bucket_errors() -> Iterator[None]:
    """Turns what botocore raises after its own retries into BucketUnavailable."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise BucketUnavailable(f"S3 did not do what was asked ({error_code(error)})") from None
