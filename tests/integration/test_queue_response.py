"""What becomes of the messages of a batch: deleted, delayed, or kept in the dead-letter queue with the reason."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import Mock, patch

import pytest
from botocore.exceptions import ClientError

from contact_deletion.errors import InvalidRequest
from contact_deletion.responses.dead_letter import size_of
from local.sendgrid_double import Fault
from tests.support.dynamodb import FailingCalls
from tests.support.events import bulk_delete, contact_id, queue_arn, sqs_event
from tests.support.world import World

QUEUE = "BulkDeleteQueue"


@contextmanager
def sqs_limit(world: World) -> Iterator[None]:
    """moto takes batches of any size."""
    sending = world.runtime.sqs.send_message_batch

    def send(QueueUrl: str, Entries: list[Any]) -> Any:
        if sum(map(size_of, Entries)) > 1024 * 1024:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong", "Message": ""}}, "SendMessageBatch")
        return sending(QueueUrl=QueueUrl, Entries=Entries)

    with patch.object(world.runtime.sqs, "send_message_batch", send):
        yield


def test_a_rejected_message_is_copied_with_its_reason_and_its_own_attributes(world: World) -> None:
    own = {
        "Team": {"DataType": "String", "StringValue": "growth"},
        "Attempt": {"DataType": "Number", "StringValue": "3"},
        "Trace": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
    }
    world.send(QUEUE, {"contact_ids": "all of them"}, attributes=own)

    assert world.bulk_delete(world.receive(QUEUE)) == {"batchItemFailures": []}

    (letter,) = world.runtime.sqs.receive_message(
        QueueUrl=world.queue_url("BulkDeleteDeadLetterQueue"), MessageAttributeNames=["All"]
    )["Messages"]
    reasons = {
        "ErrorCode": "InvalidRequest",
        "ErrorMessage": "contact_ids must be a list of 1 to 10000 contact ids",
        "SourceQueueArn": queue_arn(QUEUE),
    }
    assert json.loads(letter["Body"]) == {"contact_ids": "all of them"}
    assert letter["MessageAttributes"] == own | {
        name: {"DataType": "String", "StringValue": value} for name, value in reasons.items()
    }


@pytest.mark.parametrize("missing", [0, 100])
@pytest.mark.parametrize("attribute_bytes", [0, 1_000_000])
def test_a_rejected_message_near_sqs_limit_has_one_outcome(
    world: World, missing: int, attribute_bytes: int
) -> None:
    """With our attributes the copy would be longer than SQS takes, and it would come back until it is redriven."""
    attributes = {"Trace": {"DataType": "String", "StringValue": "t" * attribute_bytes}}
    used = attribute_bytes + len("Trace" + "String") if attribute_bytes else 0
    body = "x" * (1024 * 1024 - used - missing)
    world.send(QUEUE, body, attributes=attributes if attribute_bytes else {})

    with sqs_limit(world):
        assert world.bulk_delete(world.receive(QUEUE)) == {"batchItemFailures": []}

    (event,) = world.outcome_events()
    (letter,) = world.dead_letters()
    assert (event["kind"], event["code"]) == ("Rejected", "InvalidRequest")
    assert letter["ErrorCode"] == "InvalidRequest"
    assert body.startswith(letter["body"])
    assert letter["Truncated"] == ("Trace" if attribute_bytes else "MessageBody")


def test_of_copies_that_fail_in_part_only_the_uncopied_messages_stay(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    sending = world.runtime.sqs.send_message_batch

    def partly(QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:
        sending(QueueUrl=QueueUrl, Entries=Entries[1:])
        return {"Failed": [{"Id": Entries[0]["Id"], "Code": "InternalError", "SenderFault": False}]}

    batch = sqs_event("one", "two", "three", queue=QUEUE)

    with patch.object(world.runtime.sqs, "send_message_batch", partly):
        response = world.bulk_delete(batch)

    assert response == {"batchItemFailures": [{"itemIdentifier": batch["Records"][0]["messageId"]}]}
    assert sorted(letter["body"] for letter in world.dead_letters()) == ["three", "two"]
    assert '"DeadLetterCopyFailures":[1.0]' in capsys.readouterr().out


def test_a_deferred_message_comes_back_later_and_later(world: World, visibility_timeouts: list[int]) -> None:
    world.double.faults.add(Fault(status=503, times=9))
    for receive_count in (1, 2, 3, 9, 100):
        batch = sqs_event(bulk_delete([contact_id(1)]), queue=QUEUE, receive_count=receive_count)
        assert len(world.bulk_delete(batch)["batchItemFailures"]) == 1
    assert visibility_timeouts == [30, 60, 120, 900, 900]


def test_the_visibility_timeout_of_a_deferred_message_is_changed_in_its_queue(world: World) -> None:
    world.double.faults.add(Fault(status=503))
    world.send(QUEUE, bulk_delete([contact_id(1)]))
    batch = world.receive(QUEUE)

    world.bulk_delete(batch)

    assert [line for line in world.log_lines() if line["level"] == "ERROR"] == []
    attributes = world.runtime.sqs.get_queue_attributes(
        QueueUrl=world.queue_url(QUEUE), AttributeNames=["All"]
    )
    assert attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "1"


@pytest.mark.parametrize("operation", ["ChangeMessageVisibilityBatch", "GetQueueUrl"])
def test_a_visibility_timeout_that_cannot_be_changed_does_not_fail_the_batch(
    world: World, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.double.faults.add(Fault(status=503))
    batch = sqs_event(bulk_delete([contact_id(1)]), "not JSON", queue=QUEUE)

    with FailingCalls(world.runtime.sqs, operation, "AccessDenied", service="sqs"):
        response = world.bulk_delete(batch)

    assert response == {"batchItemFailures": [{"itemIdentifier": batch["Records"][0]["messageId"]}]}
    assert '"VisibilityChangeFailures":[1.0]' in capsys.readouterr().out


def test_a_visibility_timeout_refused_for_one_message_does_not_fail_the_batch(world: World) -> None:
    """The receipt handle is not one of SQS's, so the batch call answers 200 with a list of failures."""
    world.double.faults.add(Fault(status=503))

    response = world.bulk_delete(sqs_event(bulk_delete([contact_id(1)]), queue=QUEUE))

    assert len(response["batchItemFailures"]) == 1
    assert [line["message"] for line in world.log_lines() if line["level"] == "ERROR"] == [
        "a visibility timeout was not changed"
    ]


def test_an_empty_batch_is_a_success(world: World) -> None:
    assert world.bulk_delete({"Records": []}) == {"batchItemFailures": []}


def test_a_direct_invocation_touches_no_queue(world: World) -> None:
    world.use_client("sqs", Mock(spec=[]))
    with pytest.raises(InvalidRequest):
        world.bulk_delete({"contact_ids": ["x"]})
    assert world.bulk_delete(bulk_delete([contact_id(1)]))["status"] == "accepted"
