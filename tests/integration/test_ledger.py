"""Idempotency: what the ledger makes of repetitions, conflicts, crashes and its own failures."""

import json
import threading
import time
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig
from botocore.config import Config

from contact_deletion.errors import LedgerUnavailable, RequestConflict, RequestInProgress, SendGridUnavailable
from contact_deletion.ledger.store import CONTENT_REMEMBERED_SECONDS, REQUEST_ID_REMEMBERED_SECONDS
from local.sendgrid_double import Fault
from tests.integration.operations import deliver, ledger_records_nothing, request_of
from tests.support.dynamodb import Calls, FailingCalls, forgetful_batches, partial_answers
from tests.support.events import bulk_delete, contact_id, remove_identifier, sqs_event
from tests.support.powertools_time import records_dated_by
from tests.support.world import TABLE, World

QUEUE = "BulkDeleteQueue"


def identifier_request(world: World, **more: Any) -> dict[str, Any]:
    contact = world.new_contact(email="a@example.com", external_id="42")
    return remove_identifier(contact, "EMAIL", "a@example.com", **more)


# -------------------------------------------------------------------------------------------- repetitions


def test_duplicates_inside_a_batch_are_one_request(world: World) -> None:
    request = bulk_delete([contact_id(1)], request_id="twice")

    world.bulk_delete(sqs_event(request, request, request, queue=QUEUE))

    assert len(world.deletions()) == 1
    assert [line["replayed"] for line in world.outcomes()] == [False, True, True]


def test_a_redelivered_batch_calls_nobody(world: World) -> None:
    batch = sqs_event(*(bulk_delete([contact_id(number)]) for number in range(30)), queue=QUEUE)
    world.bulk_delete(batch)

    assert world.bulk_delete(batch) == {"batchItemFailures": []}

    assert len(world.deletions()) == 1
    assert all(line["replayed"] for line in world.outcomes()[30:])
    assert world.outcomes()[0]["job_ids"] == world.outcomes()[30]["job_ids"]


def test_ids_in_another_order_are_the_same_request(world: World) -> None:
    world.bulk_delete(bulk_delete([contact_id(1), contact_id(2)]))

    assert world.bulk_delete(bulk_delete([contact_id(2), contact_id(1)]))["replayed"]


def test_a_workflow_that_retries_with_a_new_task_token_sends_the_same_request(world: World) -> None:
    request = identifier_request(world, request_id="run-1")
    world.remove_identifier(request | {"task_token": "first"})

    assert world.remove_identifier(request | {"task_token": "second"})["replayed"]
    assert len(world.deletions()) == 1


def test_functions_do_not_share_request_ids(world: World) -> None:
    world.bulk_delete(bulk_delete([contact_id(1)], request_id="same"))

    assert not world.remove_identifier(identifier_request(world, request_id="same"))["replayed"]


# -------------------------------------------------------------------------------------------- conflicts


def test_a_request_id_with_other_content_is_a_conflict(world: World) -> None:
    world.bulk_delete(bulk_delete([contact_id(1)], request_id="used"))

    with pytest.raises(RequestConflict):
        world.bulk_delete(bulk_delete([contact_id(2)], request_id="used"))

    assert len(world.deletions()) == 1


def test_a_request_id_with_other_content_in_the_same_batch_is_a_conflict(world: World) -> None:
    batch = sqs_event(
        bulk_delete([contact_id(1)], request_id="used"),
        bulk_delete([contact_id(2)], request_id="used"),
        queue=QUEUE,
    )

    world.bulk_delete(batch)

    assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["RequestConflict"]
    assert [request.ids for request in world.deletions()] == [(contact_id(1),)]


def test_an_identifiers_request_id_with_other_content_is_a_conflict(world: World) -> None:
    world.remove_identifier(identifier_request(world, request_id="used"))

    with pytest.raises(RequestConflict):
        world.remove_identifier(identifier_request(world, request_id="used"))


def test_a_conflict_is_noticed_while_the_first_request_is_unfinished(world: World) -> None:
    world.double.faults.add(Fault())
    world.double.faults.add(Fault(status=503, times=9))
    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(bulk_delete([contact_id(number) for number in range(300)], request_id="used"))

    with pytest.raises(RequestConflict):
        world.bulk_delete(bulk_delete([contact_id(1)], request_id="used"))


# -------------------------------------------------------------------------------------------- records and their expiry


@pytest.mark.parametrize(
    ("request_id", "configuration", "remembered"),
    [
        ("kept", {"event_key_jmespath": "request_id", "payload_validation_jmespath": "content"}, "15 days"),
        (None, {"event_key_jmespath": "content"}, "1 hour"),
    ],
)
def test_the_records_are_powertools_own(
    world: World, request_id: str | None, configuration: dict[str, str], remembered: str
) -> None:
    request = bulk_delete([contact_id(1)]) | ({"request_id": request_id} if request_id else {})
    answer = world.bulk_delete(request)
    store = DynamoDBPersistenceLayer(TABLE, boto3_client=world.runtime.dynamodb)
    store.configure(IdempotencyConfig(hash_function="sha256", **configuration), key_prefix="bulk_delete")  # type: ignore[arg-type]

    record = store.get_record({"request_id": request_id, "content": {"contact_ids": [contact_id(1)]}})

    assert record is not None
    assert record.status == "COMPLETED"
    assert (record.response_json_as_dict() or {})["job_ids"] == answer["job_ids"]
    seconds = {"15 days": REQUEST_ID_REMEMBERED_SECONDS, "1 hour": CONTENT_REMEMBERED_SECONDS}[remembered]
    assert float(record.expiry_timestamp or 0) - time.time() == pytest.approx(seconds, abs=60)


def test_a_record_holds_no_personal_data(world: World) -> None:
    world.remove_identifier(
        identifier_request(world, request_id="secret", **{"task_token": "token-of-a-workflow"})
    )

    kept = json.dumps(world.ledger())

    assert "example.com" not in kept
    assert "token-of-a-workflow" not in kept


@pytest.mark.parametrize("request_id", [None, "old"])
def test_an_expired_record_is_forgotten_even_before_dynamodb_deletes_it(
    world: World, request_id: str | None
) -> None:
    bulk = bulk_delete([contact_id(1)]) | ({"request_id": request_id} if request_id else {})
    identifier = identifier_request(world) | ({"request_id": request_id} if request_id else {})
    world.bulk_delete(bulk)
    world.remove_identifier(identifier)
    world.change_ledger(expiration={"N": str(int(time.time()) - 10)})

    answers = [world.bulk_delete(bulk), world.remove_identifier(identifier)]

    assert [answer["replayed"] for answer in answers] == [False, False]
    assert [len(answer["job_ids"]) for answer in answers] == [1, 1]


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
    seen: list[BaseException] = []

    def second_environment() -> None:
        try:
            world.remove_identifier(request)
        except RequestInProgress as in_progress:
            seen.append(in_progress)

    def while_sendgrid_answers(seconds: float) -> None:
        thread = threading.Thread(target=second_environment)
        thread.start()
        thread.join()

    world.double.sleep = while_sendgrid_answers
    world.double.faults.add(Fault(method="GET", delay_seconds=1))

    world.remove_identifier(request)

    assert [type(error) for error in seen] == [RequestInProgress]
    assert len(world.deletions()) == 1


def test_two_environments_with_the_same_ids_both_delete_them_which_harms_nobody(world: World) -> None:
    doomed = world.new_contact()
    world.double.sleep = lambda _: other.append(world.bulk_delete(bulk_delete([doomed]))["status"])
    world.double.faults.add(Fault(method="DELETE", delay_seconds=1))
    other: list[str] = []

    answer = world.bulk_delete(bulk_delete([doomed]))

    assert (answer["status"], other) == ("accepted", ["accepted"])
    world.jobs_end()
    assert doomed not in world.double.account


def test_an_invocation_that_lost_its_claim_leaves_the_record_of_the_other(world: World) -> None:
    """The clocks of two environments differ: to the second, the first one's claim seems to have ended."""
    request = identifier_request(world, request_id="slow")
    others: list[Any] = []

    def the_other_takes_over(_: float) -> None:
        world.change_ledger(in_progress_expiration={"N": "1"})
        others.append(world.remove_identifier(request))

    world.double.sleep = the_other_takes_over
    world.double.faults.add(Fault(method="DELETE", delay_seconds=1))

    answer = world.remove_identifier(request)

    (failure,) = [line for line in world.log_lines() if line["level"] == "ERROR"]
    assert (failure["message"], failure["job_ids"]) == ("the ledger was not written", answer["job_ids"])
    assert world.remove_identifier(request) == others[0] | {"replayed": True}
    assert others[0]["job_ids"] != answer["job_ids"]


class Killed(BaseException):
    """The process ends here."""


def test_a_request_whose_invocation_died_can_be_handled_when_its_claim_has_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = identifier_request(world, request_id="crash")
    with monkeypatch.context() as dying:
        dying.setattr(world.runtime.session, "request", _die)
        with pytest.raises(Killed):
            world.remove_identifier(request)
    with pytest.raises(RequestInProgress):
        world.remove_identifier(request)

    world.clock.advance(world.context.remaining_seconds + 1)

    assert world.remove_identifier(request)["status"] == "accepted"


def test_a_bulk_request_whose_invocation_died_can_be_handled_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(world.runtime.session, "request", _die)
        with pytest.raises(Killed):
            world.bulk_delete(bulk_delete([contact_id(1)], request_id="crash"))

    assert world.bulk_delete(bulk_delete([contact_id(1)], request_id="crash"))["status"] == "accepted"


def _die(*_: object, **__: object) -> None:
    raise Killed


# -------------------------------------------------------------------------------------------- batch calls


def test_a_thousand_messages_take_ten_lookups_and_forty_writes(world: World) -> None:
    with Calls(world.runtime.dynamodb) as calls:
        world.bulk_delete(sqs_event(*(bulk_delete([contact_id(n)]) for n in range(1000)), queue=QUEUE))

    assert calls.counts == {"BatchGetItem": 10, "BatchWriteItem": 40}


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_batch_calls_go_side_by_side(world: World, operation: str) -> None:
    """They wait for each other two by two, which they could not do one after the other."""
    meeting = threading.Barrier(2, timeout=120)

    def meet(**_: Any) -> None:
        meeting.wait()

    events = world.runtime.dynamodb.meta.events
    events.register(f"before-call.dynamodb.{operation}", meet)
    try:
        world.bulk_delete(sqs_event(*(bulk_delete([contact_id(n)]) for n in range(200)), queue=QUEUE))
    finally:
        events.unregister(f"before-call.dynamodb.{operation}", meet)

    assert len(world.ledger()) == 200


def test_what_dynamodb_leaves_unprocessed_is_asked_for_again(world: World) -> None:
    batch = sqs_event(*(bulk_delete([contact_id(n)]) for n in range(60)), queue=QUEUE)
    with forgetful_batches(world.runtime.dynamodb, leave_out_times=3):
        world.bulk_delete(batch)
    assert len(world.ledger()) == 60

    with forgetful_batches(world.runtime.dynamodb, leave_out_times=3):
        world.bulk_delete(batch)

    assert len(world.deletions()) == 1


def test_what_dynamodb_answers_in_part_is_put_together(world: World) -> None:
    batch = sqs_event(*(bulk_delete([contact_id(n)]) for n in range(60)), queue=QUEUE)
    world.bulk_delete(batch)

    with partial_answers(world.runtime.dynamodb, keys_at_once=20):
        world.bulk_delete(batch)

    assert len(world.deletions()) == 1


def test_a_look_up_sees_what_was_written_a_moment_ago(world: World) -> None:
    """moto always does. DynamoDB does where it is asked to."""
    reads: list[bool] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        reads.append(params["RequestItems"][TABLE]["ConsistentRead"])

    events = world.runtime.dynamodb.meta.events
    events.register("provide-client-params.dynamodb.BatchGetItem", note)
    world.bulk_delete(bulk_delete([contact_id(1)]))
    events.unregister("provide-client-params.dynamodb.BatchGetItem", note)

    assert reads == [True]


def test_the_pauses_before_asking_again_grow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contact_deletion.ledger.store.uniform", lambda least, most: least + most)

    with (
        forgetful_batches(world.runtime.dynamodb, leave_out_times=1000),
        pytest.raises(LedgerUnavailable),
    ):
        world.bulk_delete(bulk_delete([contact_id(1)]))

    assert world.clock.slept == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6])


def test_keys_that_stay_unread_defer_their_requests_unsent(world: World) -> None:
    with (
        forgetful_batches(world.runtime.dynamodb, leave_out_times=1000),
        pytest.raises(LedgerUnavailable, match="unread"),
    ):
        world.bulk_delete(bulk_delete([contact_id(1)]))

    assert world.deletions() == []


def test_records_that_stay_unwritten_do_not_undo_an_acceptance(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with forgetful_batches(world.runtime.dynamodb, leave_out_times=1000, operations=("BatchWriteItem",)):
        answer = world.bulk_delete(bulk_delete([contact_id(1)], request_id="unwritten"))

    assert answer["status"] == "accepted"
    (failure,) = [line for line in world.log_lines() if line["level"] == "ERROR"]
    assert failure["job_ids"] == answer["job_ids"]
    assert failure["request_id"] == "unwritten"
    assert '"LedgerWriteFailures":[1.0]' in capsys.readouterr().out


# -------------------------------------------------------------------------------------------- DynamoDB's failures


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ResourceNotFoundException"])
def test_a_lookup_that_fails_defers_the_requests_unsent(world: World, code: str) -> None:
    with (
        FailingCalls(world.runtime.dynamodb, "BatchGetItem", code),
        pytest.raises(LedgerUnavailable, match=code),
    ):
        world.bulk_delete(bulk_delete([contact_id(1)]))

    assert world.deletions() == []


def test_a_claim_that_fails_defers_the_request_unsent(world: World) -> None:
    request = identifier_request(world)

    with FailingCalls(world.runtime.dynamodb, "UpdateItem"), pytest.raises(LedgerUnavailable):
        world.remove_identifier(request)

    assert world.double.requests == []


def test_a_claim_that_exists_without_saying_whose_is_in_progress(world: World) -> None:
    """DynamoDB need not give back the item that a condition failed on."""
    request = identifier_request(world)

    with (
        FailingCalls(world.runtime.dynamodb, "UpdateItem", "ConditionalCheckFailedException"),
        pytest.raises(RequestInProgress),
    ):
        world.remove_identifier(request)

    assert world.double.requests == []


def test_an_acceptance_that_cannot_be_recorded_stays_an_acceptance(world: World) -> None:
    request = identifier_request(world, request_id="unrecorded")

    with ledger_records_nothing(world):
        answer = world.remove_identifier(request)

    assert answer["status"] == "accepted"
    (failure,) = [line for line in world.log_lines() if line["level"] == "ERROR"]
    assert (failure["request_id"], failure["job_ids"]) == ("unrecorded", answer["job_ids"])


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
