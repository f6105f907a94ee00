"""DynamoDB's failures in the ledger's terms."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.aws_errors import error_code
from contact_deletion.errors import LedgerUnavailable


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Turns what botocore raises after its own retries into LedgerUnavailable, all but a failed condition."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        code = error_code(error)
        if code == "ConditionalCheckFailedException":
            raise
        raise LedgerUnavailable(f"the ledger did not answer ({code})") from None
