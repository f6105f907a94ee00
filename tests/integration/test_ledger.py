"""Idempotency: what the ledger makes of repetitions, conflicts, crashes and its own failures."""

import threading
import time
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig
from botocore.config import Config

from contact_deletion.errors import (
    Deferred,
    LedgerUnavailable,
    RequestConflict,
    RequestInProgress,
    SendGridUnavailable,
)
from contact_deletion.ledger.store import CONTENT_REMEMBERED_SECONDS, REQUEST_ID_REMEMBERED_SECONDS
from local.sendgrid_double import Fault
from local.simulation.powertools_time import records_dated_by
from tests.integration.operations import Killed, deliver, request_of
from tests.support.dynamodb import FailingCalls, counted_calls, forgetful_batches, on_event, partial_responses
from tests.support.events import bulk_delete, contact_id, remove_identifier, sqs_event
from tests.support.world import TABLE, World

QUEUE = "BulkDeleteQueue"


def identifier_request(world: World, **more: Any) -> dict[str, Any]:
    contact = world.new_contact(email="a@example.com", external_id="42")
    return remove_identifier(contact, "EMAIL", "a@example.com", **more)


def named(request: dict[str, Any], request_id: str | None) -> dict[str, Any]:
    return request | ({"request_id": request_id} if request_id else {})


def singles(count: int) -> dict[str, Any]:
    """A batch of so many messages of a contact each."""
    return sqs_event(*(bulk_delete([contact_id(number)]) for number in range(count)), queue=QUEUE)


# -------------------------------------------------------------------------------------------- repetitions


def test_duplicates_inside_a_batch_are_one_request(world: World) -> None:
    request = bulk_delete([contact_id(1)], request_id="twice")
    world.bulk_delete(sqs_event(request, request, request, queue=QUEUE))
    assert len(world.deletions()) == 1
    assert [line["replayed"] for line in world.outcomes()] == [False, True, True]


def test_a_redelivered_batch_makes_no_call_to_sendgrid(world: World) -> None:
    batch = singles(30)
    world.bulk_delete(batch)

    assert world.bulk_delete(batch) == {"batchItemFailures": []}

    assert len(world.deletions()) == 1
    assert all(line["replayed"] for line in world.outcomes()[30:])
    assert world.outcomes()[0]["job_ids"] == world.outcomes()[30]["job_ids"]


def test_functions_do_not_share_request_ids(world: World) -> None:
    world.bulk_delete(bulk_delete([contact_id(1)], request_id="same"))
    assert not world.remove_identifier(identifier_request(world, request_id="same"))["replayed"]


# -------------------------------------------------------------------------------------------- conflicts


def test_a_request_id_with_other_content_is_a_conflict(world: World) -> None:
    used, other = (bulk_delete([contact_id(number)], request_id="used") for number in (1, 2))

    world.bulk_delete(sqs_event(used, other, queue=QUEUE))
    with pytest.raises(RequestConflict):
        world.bulk_delete(other)

    assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["RequestConflict"]
    assert [request.ids for request in world.deletions()] == [(contact_id(1),)]


def test_a_conflict_is_noticed_while_the_first_request_is_unfinished(world: World) -> None:
    world.double.faults.add(Fault())
    world.double.faults.add(Fault(status=503, times=9))
    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(bulk_delete([contact_id(number) for number in range(300)], request_id="used"))

    with pytest.raises(RequestConflict):
        world.bulk_delete(bulk_delete([contact_id(1)], request_id="used"))


# -------------------------------------------------------------------------------------------- records and their expiry


@pytest.mark.parametrize(
    ("request_id", "event_key", "seconds"),
    [("kept", "request_id", REQUEST_ID_REMEMBERED_SECONDS), (None, "content", CONTENT_REMEMBERED_SECONDS)],
)
def test_the_records_are_powertools_own(
    world: World, request_id: str | None, event_key: str, seconds: int
) -> None:
    response = world.bulk_delete(named(bulk_delete([contact_id(1)]), request_id))
    store = DynamoDBPersistenceLayer(TABLE, boto3_client=world.runtime.dynamodb)
    validation = "content" if request_id else ""
    config = IdempotencyConfig(
        event_key_jmespath=event_key, payload_validation_jmespath=validation, hash_function="sha256"
    )
    store.configure(config, key_prefix="bulk_delete")

    record = store.get_record({"request_id": request_id, "content": {"contact_ids": [contact_id(1)]}})

    assert record is not None
    assert record.status == "COMPLETED"
    assert (record.response_json_as_dict() or {})["job_ids"] == response["job_ids"]
    assert float(record.expiry_timestamp or 0) - time.time() == pytest.approx(seconds, abs=60)


@pytest.mark.parametrize("request_id", [None, "old"])
def test_an_expired_record_is_forgotten_even_before_dynamodb_deletes_it(
    world: World, request_id: str | None
) -> None:
    bulk = named(bulk_delete([contact_id(1)]), request_id)
    identifier = named(identifier_request(world), request_id)
    world.bulk_delete(bulk)
    world.remove_identifier(identifier)
    world.change_ledger(expiration={"N": str(int(time.time()) - 10)})

    responses = [world.bulk_delete(bulk), world.remove_identifier(identifier)]

    assert [response["replayed"] for response in responses] == [False, False]
    assert [len(response["job_ids"]) for response in responses] == [1, 1]


@pytest.mark.parametrize("operation", ["delete_all", "remove_identifier"])
def test_a_record_that_expires_while_it_is_read_answers_once_more(world: World, operation: str) -> None:
    done = request_of(world, operation, request_id="done")
    deliver(world, operation, done)
    other = request_of(world, operation, request_id="other")

    # Powertools looks at the clock again when it is asked for a record's status.
    with records_dated_by(lambda: time.time() + REQUEST_ID_REMEMBERED_SECONDS + 1, parts=["datarecord"]):
        assert deliver(world, operation, done, other) == {"batchItemFailures": []}

    assert [line["replayed"] for line in world.outcomes()] == [False, True, False]


# -------------------------------------------------------------------------------------------- two environments, crashes


def test_an_identifier_that_another_environment_is_removing_is_in_progress(world: World) -> None:
    request = identifier_request(world, request_id="slow")
    seen: list[float] = []

    def second_environment(seconds: float) -> None:
        with pytest.raises(RequestInProgress):
            world.remove_identifier(request)
        seen.append(seconds)

    world.double.sleep = second_environment
    world.double.faults.add(Fault(method="GET", delay_seconds=1))

    world.remove_identifier(request)

    assert seen == [1]
    assert len(world.deletions()) == 1


def test_an_invocation_that_lost_its_claim_leaves_the_record_of_the_other(world: World) -> None:
    """The clocks of two environments differ: to the second, the first one's claim seems to have ended."""
    request = identifier_request(world, request_id="slow")
    others: list[Any] = []

    def the_other_takes_over(_: float) -> None:
        world.change_ledger(in_progress_expiration={"N": "1"})
        others.append(world.remove_identifier(request))

    world.double.sleep = the_other_takes_over
    world.double.faults.add(Fault(method="DELETE", delay_seconds=1))

    response = world.remove_identifier(request)

    (failure,) = [line for line in world.log_lines() if line["level"] == "ERROR"]
    assert (failure["message"], failure["job_ids"]) == ("the ledger was not written", response["job_ids"])
    assert world.remove_identifier(request) == others[0] | {"replayed": True}
    assert others[0]["job_ids"] != response["job_ids"]


def test_a_request_whose_invocation_died_can_be_handled_when_its_claim_has_ended(world: World) -> None:
    request = identifier_request(world, request_id="crash")
    with patch.object(world.runtime.session, "request", side_effect=Killed), pytest.raises(Killed):
        world.remove_identifier(request)
    with pytest.raises(RequestInProgress):
        world.remove_identifier(request)

    world.clock.advance(world.context.remaining_seconds + 1)

    assert world.remove_identifier(request)["status"] == "accepted"


# -------------------------------------------------------------------------------------------- batch calls


def test_a_thousand_messages_take_ten_lookups_and_forty_writes(world: World) -> None:
    with counted_calls(world.runtime.dynamodb) as counts:
        world.bulk_delete(singles(1000))
    assert counts == {"BatchGetItem": 10, "BatchWriteItem": 40}


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_batch_calls_go_side_by_side(world: World, operation: str) -> None:
    """They wait for each other two by two, which they could not do one after the other."""
    meeting = threading.Barrier(2, timeout=120)

    def meet(**_: Any) -> None:
        meeting.wait()

    with on_event(world.runtime.dynamodb, f"before-call.dynamodb.{operation}", meet):
        world.bulk_delete(singles(200))

    assert len(world.ledger()) == 200


def test_what_dynamodb_leaves_unprocessed_is_asked_for_again_and_put_together(world: World) -> None:
    dynamodb, batch = world.runtime.dynamodb, singles(60)
    with forgetful_batches(dynamodb, leave_out_times=3):
        world.bulk_delete(batch)
    assert len(world.ledger()) == 60

    for trouble in (
        forgetful_batches(dynamodb, leave_out_times=3),
        partial_responses(dynamodb, keys_at_once=20),
    ):
        with trouble:
            world.bulk_delete(batch)

    assert len(world.deletions()) == 1


def test_a_look_up_sees_what_was_written_a_moment_ago(world: World) -> None:
    """moto always does. DynamoDB does where it is asked to."""
    reads: list[bool] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        reads.append(params["RequestItems"][TABLE]["ConsistentRead"])

    with on_event(world.runtime.dynamodb, "provide-client-params.dynamodb.BatchGetItem", note):
        world.bulk_delete(bulk_delete([contact_id(1)]))

    assert reads == [True]


def test_keys_that_stay_unread_are_asked_for_at_growing_pauses_and_defer_their_requests_unsent(
    world: World,
) -> None:
    unread = pytest.raises(LedgerUnavailable, match="unread")

    with (
        forgetful_batches(world.runtime.dynamodb, leave_out_times=1000),
        patch("contact_deletion.ledger.store.uniform", lambda least, most: least + most),
        unread,
    ):
        world.bulk_delete(bulk_delete([contact_id(1)]))

    assert world.clock.slept == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])
    assert world.deletions() == []


def test_records_that_stay_unwritten_do_not_undo_an_acceptance(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with forgetful_batches(world.runtime.dynamodb, leave_out_times=1000, operations=("BatchWriteItem",)):
        response = world.bulk_delete(bulk_delete([contact_id(1)], request_id="unwritten"))

    assert response["status"] == "accepted"
    (failure,) = [line for line in world.log_lines() if line["level"] == "ERROR"]
    assert failure["job_ids"] == response["job_ids"]
    assert failure["request_id"] == "unwritten"
    assert '"LedgerWriteFailures":[1.0]' in capsys.readouterr().out


# -------------------------------------------------------------------------------------------- DynamoDB's failures


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ResourceNotFoundException"])
def test_a_lookup_that_fails_defers_the_requests_unsent(world: World, code: str) -> None:
    unavailable = pytest.raises(LedgerUnavailable, match=code)
    with FailingCalls(world.runtime.dynamodb, "BatchGetItem", code), unavailable:
        world.bulk_delete(bulk_delete([contact_id(1)]))
    assert world.deletions() == []


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("InternalServerError", LedgerUnavailable),
        # DynamoDB need not give back the item that a condition failed on: it is unknown whose claim it is.
        ("ConditionalCheckFailedException", RequestInProgress),
    ],
)
def test_a_claim_that_fails_defers_the_request_unsent(world: World, code: str, error: type[Deferred]) -> None:
    request = identifier_request(world)
    with FailingCalls(world.runtime.dynamodb, "UpdateItem", code), pytest.raises(error):
        world.remove_identifier(request)
    assert world.double.requests == []


def test_a_claim_that_cannot_be_released_is_logged_and_ends_by_itself(world: World) -> None:
    request = identifier_request(world, request_id="claimed")
    world.double.faults.add(Fault(status=503))

    with FailingCalls(world.runtime.dynamodb, "DeleteItem"), pytest.raises(SendGridUnavailable):
        world.remove_identifier(request)

    (failure,) = [line for line in world.log_lines() if line["level"] == "ERROR"]
    assert (failure["message"], failure["request_id"]) == ("the ledger was not written", "claimed")
    with pytest.raises(RequestInProgress):
        world.remove_identifier(request)


def test_a_ledger_that_cannot_be_reached_defers_the_request(world: World) -> None:
    once = Config(retries={"total_max_attempts": 1})
    nowhere = boto3.client("dynamodb", endpoint_url="http://127.0.0.1:1", config=once)
    world.use_client("dynamodb", nowhere)
    with pytest.raises(LedgerUnavailable, match="EndpointConnectionError"):
        world.bulk_delete(bulk_delete([contact_id(1)]))
