"""The three deletions, for what holds of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.support.events import bulk_delete, delete_all, remove_identifier, sqs_event
from tests.support.functions import DELETERS, QUEUES
from tests.support.world import World

each_operation = pytest.mark.parametrize("operation", [module.OPERATION for module in DELETERS.values()])


def request_of(world: World, operation: str, **more: Any) -> dict[str, Any]:
    """A request of the operation that can be done."""
    contact = world.new_contact(email="ada@example.com", external_id="customer-7")
    if operation == "bulk_delete":
        return bulk_delete([contact], **more)
    if operation == "delete_all":
        return delete_all(world.now(), **more)
    return remove_identifier(contact, "EMAIL", "ada@example.com", **more)


def deliver(world: World, operation: str, *requests: object, receive_count: int = 1) -> Any:
    """What the function answers to a batch of these messages, numbered from 1."""
    batch = sqs_event(*requests, queue=QUEUES[operation], receive_count=receive_count)
    return getattr(world, operation)(batch)


@contextmanager
def ledger_records_nothing(world: World) -> Iterator[None]:
    """DynamoDB takes a claim, and nothing about what became of it."""

    def fail(model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        recording = model.name == "UpdateItem" and "COMPLETED" in str(params["body"])
        if recording or model.name == "BatchWriteItem":
            answer = {
                "Error": {"Code": "InternalServerError", "Message": "made to fail"},
                "ResponseMetadata": {},
            }
            return AWSResponse("", 400, HTTPHeaders(), None), answer
        return None

    events: Any = world.runtime.dynamodb.meta.events
    events.register("before-call.dynamodb", fail)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb", fail)


@contextmanager
def sending_fails(world: World, *queues: str) -> Iterator[None]:
    """None of these queues takes a message of a batch."""
    sending = world.runtime.sqs.send_message_batch
    urls = [world.queue_url(queue) for queue in queues]

    def send(QueueUrl: str, Entries: list[Any]) -> Any:
        if QueueUrl not in urls:
            return sending(QueueUrl=QueueUrl, Entries=Entries)
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in Entries]}

    with patch.object(world.runtime.sqs, "send_message_batch", send):
        yield
