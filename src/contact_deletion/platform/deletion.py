"""What a function with a queue stands on that deletes."""

from functools import cached_property
from typing import TYPE_CHECKING

from contact_deletion.ledger.store import Stores
from contact_deletion.notifications.status_checks import StatusCheckQueue
from contact_deletion.platform.queue import QueuePlatform

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DeletionPlatform(QueuePlatform):
    """Adds the ledger, and has followed what SendGrid accepted."""

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self.aws_client("dynamodb")
        return client

    def ledger_stores(self, operation: str) -> Stores:
        return Stores(self.dynamodb, self.settings.ledger_table, operation, self.sleep, self.clock)

    def _status_messages(self, operation: str) -> StatusCheckQueue | None:
        queue_url = self.settings.deletion_status_queue_url
        return StatusCheckQueue(self.sqs, queue_url, operation, self.threads) if queue_url else None
