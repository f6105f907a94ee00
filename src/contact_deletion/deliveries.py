"""A delivery: one request as it came, from SQS or from Step Functions, and its outcome."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.outcomes import Outcome
from contact_deletion.requests.base import Request


@dataclass(frozen=True)
class QueueMessage:
    """What SQS said of a message besides its body's meaning.

    `receive_count` is 1 on the first delivery; `attributes` are the producer's message attributes in the form of
    Lambda's SQS event.
    """

    message_id: str
    receipt_handle: str = field(repr=False)
    queue_arn: str
    receive_count: int
    body: str = field(repr=False)
    attributes: Mapping[str, Mapping[str, Any]] = field(repr=False)


@dataclass(frozen=True)
class Delivery:
    """One request as it came: its JSON, or an InvalidRequest; without a message it came by direct invocation."""

    payload: object = field(repr=False)
    message: QueueMessage | None = None


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
        return [Delivery(event)]
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
    return Delivery(_parsed(message.body), message)


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


@dataclass(frozen=True)
class Settled:
    """`message` is None for a direct invocation, `request` for what is none.

    `request_id` and `task_token` are told as well where the rest of the request is wrong.
    """

    message: QueueMessage | None
    request: Request | None
    request_id: str | None
    task_token: str | None = field(repr=False)
    outcome: Outcome

    @property
    def message_id(self) -> str | None:
        return self.message.message_id if self.message else None


def with_outcomes(settled: Sequence[Settled], outcomes: Mapping[int, Outcome]) -> Sequence[Settled]:
    """The same deliveries; those whose `id()` the `outcomes` have, have those."""
    return [replace(one, outcome=outcomes[id(one)]) if id(one) in outcomes else one for one in settled]
