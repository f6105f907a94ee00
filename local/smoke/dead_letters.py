"""The run's own dead letters, found among those of others."""

from collections.abc import Mapping
from typing import Any, NamedTuple

# On every message of a smoke test. The functions copy a message's attributes to its dead letter.
MESSAGE_ATTRIBUTE = "SmokeTestRequestId"

_HIDDEN_SECONDS = 60
_BATCH = 10


class DeadLetter(NamedTuple):
    """`code` is empty where SQS moved the message after too many receives."""

    code: str
    message: str


class DeadLetters:
    """`by_request` has those that were found; each is then removed from its queue."""

    def __init__(self, sqs: Any, run_name: str) -> None:
        self.by_request: dict[str, DeadLetter] = {}
        self._sqs = sqs
        self._prefix = f"{run_name}-"

    def collect(self, queue_url: str) -> None:
        """Looks through the whole queue. Those of others stay there, and are visible again at the end."""
        others: dict[str, str] = {}
        try:
            while messages := self._sqs.receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=_HIDDEN_SECONDS,
                MessageAttributeNames=[MESSAGE_ATTRIBUTE, "ErrorCode", "ErrorMessage"],
            ).get("Messages"):
                if any(message["MessageId"] in others for message in messages):
                    return  # the first are visible again: the queue is too long to hide it all
                for message in messages:
                    if not self._take(queue_url, message):
                        others[message["MessageId"]] = message["ReceiptHandle"]
        finally:
            self._release(queue_url, list(others.values()))

    def _take(self, queue_url: str, message: Mapping[str, Any]) -> bool:
        """Whether it is the run's own."""
        attributes = message.get("MessageAttributes", {})
        request_id = _value(attributes, MESSAGE_ATTRIBUTE)
        if not request_id.startswith(self._prefix):
            return False
        self.by_request[request_id] = DeadLetter(
            _value(attributes, "ErrorCode"), _value(attributes, "ErrorMessage")
        )
        self._sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return True

    def _release(self, queue_url: str, receipt_handles: list[str]) -> None:
        for start in range(0, len(receipt_handles), _BATCH):
            self._sqs.change_message_visibility_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(receipt_handles[start : start + _BATCH])
                ],
            )


def _value(attributes: Mapping[str, Any], name: str) -> str:
    value: str = attributes.get(name, {}).get("StringValue", "")
    return value
