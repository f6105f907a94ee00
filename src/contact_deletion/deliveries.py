"""A delivery: one request on its way through a function, from the event that brought it to its outcome."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contact_deletion.errors import Deferred, InvalidRequest
from contact_deletion.outcomes import Outcome
from contact_deletion.requests.base import Request
from contact_deletion.requests.validation import envelope


@dataclass(frozen=True)
class QueueMessage:
    """An SQS message, as Lambda's SQS event has it.

    `receive_count` is 1 on the first delivery. `attributes` are the producer's message attributes, in the form of the
    event.
    """

    message_id: str
    receipt_handle: str = field(repr=False)
    queue_arn: str
    receive_count: int
    body: str = field(repr=False)
    attributes: Mapping[str, Mapping[str, Any]] = field(repr=False)


def _not_processed() -> Outcome:
    return Deferred("the request was not processed")


@dataclass(eq=False)
class Delivery:
    """A request and what is known of it so far. Each step of the function fills in its part.

    `payload` is the request's JSON, or an InvalidRequest where the message body has none. `message`, `message_id` and
    `receive_count` are None for a direct invocation. `request_id` and `task_token` are read from the payload even if
    the rest is invalid. `request` is None until the payload is parsed, and remains None where it is not processed.
    Until the delivery has another `outcome` it is deferred, so that no message leaves its queue by mistake.
    """

    payload: object = field(repr=False)
    message: QueueMessage | None = None
    request_id: str | None = None
    task_token: str | None = field(default=None, repr=False)
    request: Request | None = None
    outcome: Outcome = field(default_factory=_not_processed)
    message_id: str | None = field(init=False)
    receive_count: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.message_id = self.message.message_id if self.message else None
        self.receive_count = self.message.receive_count if self.message else None


def is_queue_event(event: object) -> bool:
    """Whether Lambda's SQS poller made the event."""
    return (
        isinstance(event, dict)
        and isinstance(event.get("Records"), list)
        and all(
            isinstance(record, dict) and record.get("eventSource") == "aws:sqs" for record in event["Records"]
        )
    )


def deliveries(event: Any) -> list[Delivery]:
    """One delivery for each SQS record, or one for a direct payload; never raises for what a producer wrote."""
    if not is_queue_event(event):
        return [_new_delivery(event, None)]
    return [_delivery(record) for record in event["Records"]]


def _delivery(record: Mapping[str, Any]) -> Delivery:
    message = QueueMessage(
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        queue_arn=record["eventSourceARN"],
        receive_count=int(record["attributes"]["ApproximateReceiveCount"]),
        body=record["body"],
        attributes=record.get("messageAttributes") or {},
    )
    return _new_delivery(_parsed(message.body), message)


def _new_delivery(payload: object, message: QueueMessage | None) -> Delivery:
    return Delivery(payload, message, *envelope(payload))


def _parsed(body: str) -> object:
    try:
        return json.loads(body, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except InvalidRequest as invalid:
        return invalid
    except (ValueError, RecursionError):
        return InvalidRequest("the message body is not JSON")


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise InvalidRequest("the message body names a field twice")
    return fields


def _no_constant(_: str) -> object:
    raise InvalidRequest("the message body holds NaN or Infinity, which are not JSON")
