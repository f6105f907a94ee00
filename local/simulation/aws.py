"""AWS's clients, as one execution environment has them."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from local.simulation.ledger_table import ConditionalCheckFailedException, Item, Table
from local.simulation.queues import Queue
from local.simulation.secrets import Secrets
from local.simulation.wire import Wire

Entries = list[dict[str, Any]]


@dataclass
class Cloud:
    """What there is of AWS. `bus` takes each event's kind and detail, `answers` the notifications of workflows."""

    wire: Wire
    secrets: Secrets
    # By name.
    queues: dict[str, Queue] = field(default_factory=dict)

    table: Table = field(default_factory=Table)
    bus: Callable[[str, dict[str, Any]], None] = lambda kind, detail: None
    answers: Counter[str] = field(default_factory=Counter)

    def client(self, service: str) -> Any:
        return {
            "sqs": _Sqs,
            "dynamodb": _DynamoDb,
            "events": _EventBridge,
            "stepfunctions": _StepFunctions,
            "secretsmanager": _SecretsManager,
        }[service](self)

    def queue_of(self, url: str) -> Queue:
        return self.queues[url.rpartition("/")[2]]


class _Client:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._wire = cloud.wire
        self._chance = cloud.wire.chance

    def _taken(self, what: str, entries: Entries) -> Entries:
        """Those of a batch call that AWS takes."""
        if not self._chance.fault(f"{what} taken in part", 0.03):
            return entries
        return [entry for entry in entries if self._chance.random() < 0.6]


class _Sqs(_Client):
    def get_queue_url(self, *, QueueName: str, QueueOwnerAWSAccountId: str) -> dict[str, str]:
        self._cloud.secrets.watch("sqs", QueueName + QueueOwnerAWSAccountId)
        url = self._cloud.queues[QueueName].url
        return self._wire.aws("sqs.GetQueueUrl", lambda: {"QueueUrl": url})

    def send_message_batch(self, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:
        assert 1 <= len(Entries) <= 10
        queue = self._cloud.queue_of(QueueUrl)
        for entry in Entries:
            self._cloud.secrets.watch_message(queue.name, entry)
        taken = self._taken("SendMessageBatch", Entries)

        def effect() -> dict[str, Any]:
            for entry in taken:
                queue.send(entry["MessageBody"], entry.get("MessageAttributes"))
            return _batch_response(Entries, taken)

        return self._wire.aws("sqs.SendMessageBatch", effect)

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: Entries) -> dict[str, Any]:
        assert 1 <= len(Entries) <= 10
        assert all(0 <= entry["VisibilityTimeout"] <= 43_200 for entry in Entries)
        queue = self._cloud.queue_of(QueueUrl)

        def effect() -> dict[str, Any]:
            taken = [
                entry
                for entry in self._taken("ChangeMessageVisibilityBatch", Entries)
                if queue.change_visibility(entry["ReceiptHandle"], entry["VisibilityTimeout"])
            ]
            return _batch_response(Entries, taken)

        return self._wire.aws("sqs.ChangeMessageVisibilityBatch", effect)


def _batch_response(entries: Entries, taken: Entries) -> dict[str, Any]:
    done = {entry["Id"] for entry in taken}
    return {
        "Successful": [{"Id": entry_id} for entry_id in done],
        "Failed": [
            {"Id": entry["Id"], "Code": "ServiceUnavailable", "SenderFault": False}
            for entry in entries
            if entry["Id"] not in done
        ],
    }


class _DynamoDb(_Client):
    exceptions = SimpleNamespace(ConditionalCheckFailedException=ConditionalCheckFailedException)

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        ((name, wanted),) = RequestItems.items()
        assert wanted["ConsistentRead"] is True
        keys = wanted["Keys"]
        assert len({key["id"]["S"] for key in keys}) == len(keys) <= 100
        taken = self._taken("BatchGetItem", keys)
        left = [key for key in keys if key not in taken] if len(taken) < len(keys) else []

        def effect() -> dict[str, Any]:
            found = [dict(item) for key in taken if (item := self._cloud.table.get(key))]
            unread = {name: {**wanted, "Keys": left}} if left else {}
            return {"Responses": {name: found}, "UnprocessedKeys": unread}

        return self._wire.aws("dynamodb.BatchGetItem", effect)

    def batch_write_item(self, *, RequestItems: Mapping[str, Entries]) -> dict[str, Any]:
        ((name, puts),) = RequestItems.items()
        assert len({put["PutRequest"]["Item"]["id"]["S"] for put in puts}) == len(puts) <= 25
        self._cloud.secrets.watch("the ledger", str(puts))
        taken = self._taken("BatchWriteItem", puts)
        left = [put for put in puts if put not in taken] if len(taken) < len(puts) else []

        def effect() -> dict[str, Any]:
            for put in taken:
                self._cloud.table.put(put["PutRequest"]["Item"])
            return {"UnprocessedItems": {name: left} if left else {}}

        return self._wire.aws("dynamodb.BatchWriteItem", effect)

    def put_item(self, *, TableName: str, Item: Item, **condition: Any) -> dict[str, Any]:
        self._cloud.secrets.watch("the ledger", str(Item))
        return self._wire.aws("dynamodb.PutItem", lambda: self._cloud.table.put(Item, condition))

    def update_item(self, *, TableName: str, Key: Item, **changes: Any) -> dict[str, Any]:
        self._cloud.secrets.watch("the ledger", str(changes))
        return self._wire.aws("dynamodb.UpdateItem", lambda: self._cloud.table.update(Key, changes))

    def delete_item(self, *, TableName: str, Key: Item, **condition: Any) -> dict[str, Any]:
        return self._wire.aws("dynamodb.DeleteItem", lambda: self._cloud.table.delete(Key, condition))


class _EventBridge(_Client):
    def put_events(self, *, Entries: Entries) -> dict[str, Any]:
        assert 1 <= len(Entries) <= 10
        self._cloud.secrets.watch("the event bus", str(Entries))

        def effect() -> dict[str, Any]:
            taken = self._taken("PutEvents", Entries)
            for entry in taken:
                self._cloud.bus(entry["DetailType"], json.loads(entry["Detail"]))
            results = [{} if entry in taken else {"ErrorCode": "ThrottlingException"} for entry in Entries]
            return {"FailedEntryCount": len(Entries) - len(taken), "Entries": results}

        return self._wire.aws("events.PutEvents", effect)


class _StepFunctions(_Client):
    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, Any]:
        return self._notified(taskToken, output)

    def send_task_failure(self, *, taskToken: str, error: str, cause: str) -> dict[str, Any]:
        return self._notified(taskToken, error + cause)

    def _notified(self, token: str, response: str) -> dict[str, Any]:
        self._cloud.secrets.watch("the workflows", response)

        def effect() -> dict[str, Any]:
            self._cloud.answers[token] += 1
            if self._cloud.answers[token] > 1:
                raise ClientError(
                    {"Error": {"Code": "TaskTimedOut", "Message": "notified before"}}, "SendTask"
                )
            return {}

        return self._wire.aws("states.SendTask", effect)


class _SecretsManager(_Client):
    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        return self._wire.aws(
            "secretsmanager.GetSecretValue", lambda: {"SecretString": self._cloud.secrets.api_key}
        )
