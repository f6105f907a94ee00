"""The ledger's DynamoDB table: Powertools' persistence layer, with batch calls.

A record is Powertools' own, so its plain layer reads it. Its key begins with the operation's name.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import uniform
from typing import TYPE_CHECKING, Any, TypeVar

from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import STATUS_CONSTANTS, DataRecord
from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.deadline import Clock, Sleep
from contact_deletion.errors import LedgerUnavailable, error_code
from contact_deletion.requests.base import DeletionRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


COMPLETED = STATUS_CONSTANTS["COMPLETED"]
INPROGRESS = STATUS_CONSTANTS["INPROGRESS"]

# Longer than any queue keeps a message (14 days).
REQUEST_ID_REMEMBERED_SECONDS = 15 * 24 * 60 * 60

# Short, because the same IDs may rightly be sent again after a failed job.
CONTENT_REMEMBERED_SECONDS = 60 * 60

MAX_READ_KEYS = 100

# DynamoDB's limits of BatchGetItem and BatchWriteItem.
MAX_WRITE_ITEMS = 25

_BATCH_ATTEMPTS = 6

ItemT = TypeVar("ItemT")


class LedgerStore(DynamoDBPersistenceLayer):
    """The records of one operation's requests, with keys of one kind."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        operation: str,
        config: IdempotencyConfig,
        sleep: Sleep,
        clock: Clock,
    ) -> None:
        super().__init__(table_name=table, boto3_client=client)
        self.configure(config, key_prefix=operation)
        self._sleep = sleep
        self.clock = clock

    def identify(self, payload: dict[str, Any]) -> tuple[str, str]:
        """The idempotency key and the payload hash that Powertools gives a request."""
        return self._get_hashed_idempotency_key(payload) or "", self._get_hashed_payload(payload)

    def record(self, key: str, payload_hash: str, status: str, response: dict[str, Any]) -> DataRecord:
        """A record that expires as one of Powertools would that is written now."""
        return DataRecord(key, status, self._get_expiry_timestamp(), None, json.dumps(response), payload_hash)

    def expires_at(self) -> int:
        """When a record expires that is written now, in seconds since the epoch."""
        return int(self.clock() + self.expires_after_seconds)

    def _get_expiry_timestamp(self) -> int:
        """Powertools' own name for it."""
        return self.expires_at()

    def item_key(self, key: str) -> dict[str, Any]:
        """The item's key, in DynamoDB's form."""
        return self._get_key(key)

    def record_of(self, item: dict[str, Any]) -> DataRecord:
        return self._item_to_data_record(item)

    def put_unfinished(
        self, key: str, payload_hash: str, response: dict[str, Any], *, in_place_of: str
    ) -> DataRecord | None:
        """Puts the record of an unfinished request, if there is no other record than the one with this data.

        Returns the record of another invocation that is there instead. Raises LedgerUnavailable. Until it is finished,
        a request without a `request_id` is remembered as long as one with it: its message may wait for longer than
        the hour.
        """
        now = int(self.clock())
        expiry = now + REQUEST_ID_REMEMBERED_SECONDS
        item = self._item(DataRecord(key, INPROGRESS, expiry, None, json.dumps(response), payload_hash))
        try:
            with ledger_errors():
                self.client.put_item(
                    TableName=self.table_name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(#id) OR #expiry < :now OR #data = :known",
                    ExpressionAttributeNames={
                        "#id": self.key_attr,
                        "#expiry": self.expiry_attr,
                        "#data": self.data_attr,
                    },
                    ExpressionAttributeValues={
                        ":now": {"N": str(now)},
                        ":known": {"S": in_place_of},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self.client.exceptions.ConditionalCheckFailedException as failed:
            there: dict[str, Any] | None = failed.response.get("Item")  # type: ignore[assignment]
            if there is None:
                raise LedgerUnavailable("the ledger's record of the request has changed") from None
            # A call whose response was lost is repeated by botocore, and finds the item that it wrote itself.
            written = there[self.status_attr] == item[self.status_attr]
            written = written and there.get(self.data_attr) == item[self.data_attr]
            return None if written else self._item_to_data_record(there)
        return None

    def read_batch(self, keys: Sequence[str]) -> list[DataRecord]:
        """The existing records of at most 100 keys. Raises LedgerUnavailable."""
        wanted: dict[str, Any] = {
            self.table_name: {"Keys": [self._get_key(key) for key in keys], "ConsistentRead": True}
        }
        found: list[DataRecord] = []
        for _ in self._attempts():
            with ledger_errors():
                response = self.client.batch_get_item(RequestItems=wanted)
            found += [
                self._item_to_data_record(item) for item in response["Responses"].get(self.table_name, [])
            ]
            wanted = response.get("UnprocessedKeys") or {}
            if not wanted:
                return found
        raise LedgerUnavailable("the ledger left keys unread")

    def write_batch(self, records: Iterable[DataRecord]) -> None:
        """Puts at most 25 records in place of any others. Raises LedgerUnavailable if not all were written."""
        unwritten: dict[str, Any] = {
            self.table_name: [{"PutRequest": {"Item": self._item(record)}} for record in records]
        }
        for _ in self._attempts():
            with ledger_errors():
                unwritten = self.client.batch_write_item(RequestItems=unwritten).get("UnprocessedItems") or {}
            if not unwritten:
                return
        raise LedgerUnavailable("the ledger left records unwritten")

    def _item(self, record: DataRecord) -> dict[str, Any]:
        """The item that Powertools' put and update make of a record between them."""
        item = {
            **self._get_key(record.idempotency_key),
            self.expiry_attr: {"N": str(record.expiry_timestamp)},
            self.status_attr: {"S": record.status},
            self.data_attr: {"S": record.response_data},
        }
        if self.payload_validation_enabled:
            item[self.validation_key_attr] = {"S": record.payload_hash}
        return item

    def _attempts(self) -> Iterable[int]:
        """DynamoDB returns what a batch call had no capacity for. It is sent again after full-jitter backoff."""
        for attempt in range(_BATCH_ATTEMPTS):
            if attempt:
                self._sleep(uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter
            yield attempt


class Stores:
    """The stores for requests with a `request_id`, for requests without one, and for rejected messages."""

    def __init__(
        self, client: "DynamoDBClient", table: str, operation: str, sleep: Sleep, clock: Clock
    ) -> None:
        by_request_id = IdempotencyConfig(
            event_key_jmespath="request_id",
            payload_validation_jmespath="content",
            expires_after_seconds=REQUEST_ID_REMEMBERED_SECONDS,
            hash_function="sha256",
        )
        by_content = IdempotencyConfig(
            event_key_jmespath="content",
            expires_after_seconds=CONTENT_REMEMBERED_SECONDS,
            hash_function="sha256",
        )
        by_message_id = IdempotencyConfig(
            expires_after_seconds=REQUEST_ID_REMEMBERED_SECONDS, hash_function="sha256"
        )
        self.rejections = LedgerStore(client, table, operation, by_message_id, sleep, clock)
        self._by_request_id = LedgerStore(client, table, operation, by_request_id, sleep, clock)
        self._by_content = LedgerStore(client, table, operation, by_content, sleep, clock)

    def of(self, request: DeletionRequest) -> LedgerStore:
        return self._by_content if request.request_id is None else self._by_request_id


def payload_of(request: DeletionRequest) -> dict[str, Any]:
    """The part of a request that its key is made from. A record contains only hashes of it.

    The content of a request by identifiers can be guessed, so `keyed_hash` takes its place.
    """
    return {"request_id": request.request_id, "content": request.content}


def chunks(items: Sequence[ItemT], size: int) -> Iterator[list[ItemT]]:
    """Chunks of at most so many items as a call of DynamoDB accepts."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Turns what botocore raises after its own retries into LedgerUnavailable, all but a failed condition."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        code = error_code(error)
        if code == "ConditionalCheckFailedException":
            raise
        raise LedgerUnavailable(f"the call to the ledger failed ({code})") from None
