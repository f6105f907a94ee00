"""The responses of the stand-in for AWS, and what AWS would charge for them."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.prices import SQS_REQUEST_BYTES

QUEUE_URL = "http://sqs.internal/123456789012"
DEAD_LETTER_QUEUE = "dead-letters"
API_KEY = "SG.the-stand-in-checks-no-key"

_READ_UNIT_BYTES = 4096
_WRITE_UNIT_BYTES = 1024

Request = Mapping[str, Any]
Answer = dict[str, Any]


@dataclass
class AwsUsage:
    """Requests by operation, and units as they are charged: of SQS one per 64 KB begun."""

    requests: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    write_units: float = 0.0
    sqs_requests: int = 0
    status_messages: int = 0
    dead_letters: int = 0
    events: int = 0

    def dynamodb_requests(self) -> int:
        return sum(count for name, count in self.requests.items() if name.startswith("DynamoDB"))


class AwsResponses:
    """Takes all it is given. Of DynamoDB it remembers the items put, by their key `id`; of SQS the delays."""

    def __init__(self) -> None:
        self.usage = AwsUsage()
        self.visibility_timeouts: dict[str, int] = {}
        self._items: dict[str, Answer] = {}
        self._answers: dict[str, Callable[[Request], Answer]] = {
            "DynamoDB_20120810.PutItem": self._put_item,
            "DynamoDB_20120810.UpdateItem": self._update_item,
            "DynamoDB_20120810.DeleteItem": self._delete_item,
            "DynamoDB_20120810.BatchGetItem": self._batch_get_item,
            "DynamoDB_20120810.BatchWriteItem": self._batch_write_item,
            "AmazonSQS.SendMessageBatch": self._send_message_batch,
            "AmazonSQS.ChangeMessageVisibilityBatch": self._change_message_visibility_batch,
            "AmazonSQS.GetQueueUrl": self._get_queue_url,
            "AWSEvents.PutEvents": self._put_events,
            "AWSStepFunctions.SendTaskSuccess": lambda _: {},
            "AWSStepFunctions.SendTaskFailure": lambda _: {},
            "secretsmanager.GetSecretValue": lambda request: {
                "Name": request["SecretId"],
                "SecretString": API_KEY,
            },
        }

    def answer(self, target: str, body: bytes) -> bytes:
        """`target` is the request's X-Amz-Target. Raises KeyError for an unknown one."""
        self.usage.requests[target] += 1
        return json.dumps(self._answers[target](json.loads(body))).encode()

    def _put_item(self, request: Request) -> Answer:
        self._put(request["Item"])
        return {}

    def _update_item(self, request: Request) -> Answer:
        """Takes `SET #name = :value, …`, and leaves out what else is in the expression."""
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        assigned = re.findall(r"(#\w+) = (:\w+)", request["UpdateExpression"])
        before = self._items.get(request["Key"]["id"]["S"]) or request["Key"]
        item = before | {names[name]: values[value] for name, value in assigned}
        self._put(item)
        return {"Attributes": item}

    def _delete_item(self, request: Request) -> Answer:
        item = self._items.pop(request["Key"]["id"]["S"], request["Key"])
        self.usage.write_units += _units(_size(item), _WRITE_UNIT_BYTES)
        return {}

    def _batch_get_item(self, request: Request) -> Answer:
        found = {
            table: [self._read(key["id"]["S"], wanted.get("ConsistentRead", False)) for key in wanted["Keys"]]
            for table, wanted in request["RequestItems"].items()
        }
        return {
            "Responses": {table: [item for item in items if item] for table, items in found.items()},
            "UnprocessedKeys": {},
        }

    def _batch_write_item(self, request: Request) -> Answer:
        for puts in request["RequestItems"].values():
            for put in puts:
                self._put(put["PutRequest"]["Item"])
        return {"UnprocessedItems": {}}

    def _read(self, key: str, consistent: bool) -> Answer:
        """An item that is not there is charged as a small one."""
        item = self._items.get(key, {})
        self.usage.read_units += _units(_size(item), _READ_UNIT_BYTES) * (1 if consistent else 0.5)
        return item

    def _put(self, item: Answer) -> None:
        self.usage.write_units += _units(_size(item), _WRITE_UNIT_BYTES)
        self._items[item["id"]["S"]] = item

    def _send_message_batch(self, request: Request) -> Answer:
        entries = request["Entries"]
        self.usage.sqs_requests += _units(
            sum(len(entry["MessageBody"]) for entry in entries), SQS_REQUEST_BYTES
        )
        if request["QueueUrl"].endswith(DEAD_LETTER_QUEUE):
            self.usage.dead_letters += len(entries)
        else:
            self.usage.status_messages += len(entries)
        return {"Successful": [{"Id": entry["Id"], "MessageId": entry["Id"]} for entry in entries]}

    def _change_message_visibility_batch(self, request: Request) -> Answer:
        self.usage.sqs_requests += 1
        for entry in request["Entries"]:
            self.visibility_timeouts[entry["ReceiptHandle"]] = entry["VisibilityTimeout"]
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def _get_queue_url(self, request: Request) -> Answer:
        self.usage.sqs_requests += 1
        return {"QueueUrl": f"{QUEUE_URL}/{request['QueueName']}"}

    def _put_events(self, request: Request) -> Answer:
        self.usage.events += len(request["Entries"])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "event"} for _ in request["Entries"]]}


def _size(item: Mapping[str, Mapping[str, str]]) -> int:
    """Bytes, near enough to DynamoDB's own counting: every name and every value."""
    return sum(len(name) + sum(map(len, value.values())) for name, value in item.items())


def _units(size: int, unit: int) -> int:
    return max(1, math.ceil(size / unit))
