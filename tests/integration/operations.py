"""The three deletions, for what holds of each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from local.simulation.queue_functions import DELETERS, QUEUES
from tests.support.dynamodb import failure, on_event
from tests.support.events import bulk_delete, delete_all, remove_identifier, sqs_event
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


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def deletions_raise(
    world: World, error: type[BaseException], *, after_sending: bool = False
) -> Iterator[None]:
    """Every deletion ends so: before it is sent, or after SendGrid has received it."""
    sending = world.runtime.session.request

    def request(method: str, url: str, **more: Any) -> Any:
        response = sending(method, url, **more) if after_sending or method != "DELETE" else None
        if method == "DELETE":
            raise error
        return response

    with patch.object(world.runtime.session, "request", request):
        yield


@contextmanager
def ledger_records_nothing(world: World) -> Iterator[None]:
    """DynamoDB takes a claim, and nothing about what became of it."""

    def fail(model: Any, params: dict[str, Any], **_: Any) -> Any:
        recording = model.name == "UpdateItem" and "COMPLETED" in str(params["body"])
        return failure() if recording or model.name == "BatchWriteItem" else None

    with on_event(world.runtime.dynamodb, "before-call.dynamodb", fail):
        yield


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
