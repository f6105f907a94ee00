"""Queues as the template has them, and Lambda's poller on them, in the order of the world's own time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.sqs import models
from moto.sqs.models import Message, sqs_backends

from local.aws.names import ACCOUNT_ID, REGION
from local.aws.partial_batch_response import failed_messages
from local.aws.sqs_event import record
from local.simulation.powertools_time import records_dated_by
from local.simulation.queue_figures import Figures, figures
from local.simulation.queue_functions import QUEUES
from tests.crashes.calls import Calls, ProcessDied
from tests.support.clock import FakeClock
from tests.support.events import queue_arn
from tests.support.world import World

_DEAD_LETTERS = "BulkDeleteDeadLetterQueue"
_MOST_BATCHES = 500
_OPERATIONS = {queue: operation for operation, queue in QUEUES.items()}


@contextmanager
def one_time(clock: FakeClock) -> Iterator[None]:
    """moto's SQS and Powertools' records live by this clock too."""

    with (
        patch.object(models, "unix_time", clock),
        patch.object(models, "unix_time_millis", lambda: clock() * 1000),
        records_dated_by(clock),
    ):
        yield


def set_up(world: World, *queues: str) -> None:
    """Timeouts, delays and redrives of the template; all share one dead-letter queue."""
    for queue in queues:
        declared = _declared(queue)
        redrive = {
            "deadLetterTargetArn": queue_arn(_DEAD_LETTERS),
            "maxReceiveCount": declared.max_receive_count,
        }
        world.runtime.sqs.set_queue_attributes(
            QueueUrl=world.queue_url(queue),
            Attributes={
                "DelaySeconds": str(declared.delay),
                "MessageRetentionPeriod": str(declared.retention),
                "VisibilityTimeout": str(declared.visibility_timeout),
                "RedrivePolicy": json.dumps(redrive),
            },
        )


def _declared(queue: str) -> Figures:
    return figures()[queue.removesuffix("Queue")]


def work_off(world: World, calls: Calls) -> int:
    """Delivers until every queue is empty, letting time pass in between; gives how often a process died."""
    deaths = 0
    for _ in range(_MOST_BATCHES):
        moments = {
            queue: min(map(_visible_from, _messages(queue))) for queue in _OPERATIONS if _messages(queue)
        }
        if not moments:
            return deaths
        queue = min(moments, key=lambda name: moments[name])
        world.clock.advance(max(0.0, moments[queue] - world.clock()) + 0.001)
        deaths += _deliver(world, calls, queue)
    raise AssertionError(f"messages still come back after {_MOST_BATCHES} batches")


def _messages(queue: str) -> list[Message]:
    messages: list[Message] = sqs_backends[ACCOUNT_ID][REGION].queues[queue]._messages
    return messages


def _visible_from(message: Message) -> float:
    return max(message.visible_at, message.delayed_until) / 1000


def _deliver(world: World, calls: Calls, queue: str) -> bool:
    """One batch to a function; whether its process died."""
    records = _receive(world, queue)
    if not records:
        return False  # they were received too often, and SQS has moved them
    event = {"Records": records}
    try:
        with calls.invocation(event):
            response = getattr(world, _OPERATIONS[queue])(event)
    except ProcessDied:
        world.restart()
        return True
    stay = failed_messages(response, {record["messageId"] for record in records})
    if done := [record for record in records if record["messageId"] not in stay]:
        entries = [{"Id": each["messageId"], "ReceiptHandle": each["receiptHandle"]} for each in done]
        world.runtime.sqs.delete_message_batch(QueueUrl=world.queue_url(queue), Entries=entries)  # type: ignore[arg-type]
    return False


def _receive(world: World, queue: str) -> list[dict[str, Any]]:
    """A batch; those of these tests have no more messages than one call receives."""
    response = world.runtime.sqs.receive_message(
        QueueUrl=world.queue_url(queue),
        MaxNumberOfMessages=min(10, _declared(queue).batch_size),
        MessageSystemAttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return [record(message, queue_arn(queue)) for message in response.get("Messages", [])]
