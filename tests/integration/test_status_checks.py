"""What SendGrid has accepted is handed on to be followed, and is never sent again because that failed."""

import json
from datetime import datetime
from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, STAYS
from tests.integration.operations import (
    deliver,
    each_operation,
    ledger_records_nothing,
    request_of,
    sending_fails,
)
from tests.support.dynamodb import FailingCalls
from tests.support.events import bulk_delete, contact_id, remove_identifier
from tests.support.world import STATUS_QUEUE, World


def job_ids(world: World) -> list[str]:
    return [job.id for job in world.double.account.jobs()]


def kinds(world: World) -> list[str]:
    return [event["kind"] for event in world.outcome_events()]


@each_operation
def test_a_status_message_says_what_following_a_request_needs_and_nothing_personal(
    world: World, operation: str
) -> None:
    request = request_of(world, operation, request_id="purge", task_token="token")
    deliver(world, operation, request)

    (message,) = world.status_messages()

    accepted_at = datetime.fromisoformat(message["accepted_at"]).timestamp()
    assert accepted_at == pytest.approx(world.clock(), abs=0.01)
    assert message["job_ids"] == job_ids(world)
    assert message.keys() == {"job_ids", "requests", "accepted_at"}
    named = {"bulk_delete": ["contact_ids"], "remove_identifier": ["contact_id", "identifier_type"]}
    contacts = {name: request[name] for name in named.get(operation, [])}
    assert message["requests"] == [
        {
            "operation": operation,
            "request_id": "purge",
            "message_id": "00000000-0000-0000-0000-000000000001",
            "contact_count": 1,
            "task_token": "token",
            **({"identifier": contacts} if operation == "remove_identifier" else contacts),
        }
    ]


def test_a_repetition_that_the_ledger_answers_is_followed_too(world: World) -> None:
    request = bulk_delete([contact_id(1)], request_id="twice")
    deliver(world, "bulk_delete", request, request)
    (message,) = world.status_messages()
    assert len({followed["message_id"] for followed in message["requests"]}) == 2


def test_what_is_rejected_deferred_or_nothing_to_do_is_not_followed(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", status=503))
    deliver(world, "bulk_delete", "not JSON", bulk_delete([contact_id(1)]))
    lacking = world.new_contact(external_id="x")
    deliver(world, "remove_identifier", remove_identifier(lacking, "EMAIL", "ada@example.com"))
    assert world.status_messages() == []


@each_operation
def test_a_request_by_direct_invocation_is_followed_by_its_caller(world: World, operation: str) -> None:
    response = getattr(world, operation)(request_of(world, operation))
    assert response["job_ids"] == job_ids(world)
    assert world.status_messages() == []
    assert world.outcome_events() == []


@each_operation
def test_a_request_that_could_not_be_handed_on_comes_back_and_is_not_sent_again(
    world: World, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    request = request_of(world, operation, request_id="kept")

    with sending_fails(world, STATUS_QUEUE):
        assert deliver(world, operation, request, "not JSON") == STAYS
    assert (len(world.dead_letters()), kinds(world)) == (1, ["Rejected"]), (
        "the other is rejected all the same"
    )
    (line,) = [line for line in world.log_lines() if "tracked" in line["message"]]
    assert (line["level"], line["request_id"], line["job_ids"]) == ("ERROR", "kept", job_ids(world))
    assert '"StatusMessageFailures":[1.0]' in capsys.readouterr().out
    assert world.status_messages() == []

    assert deliver(world, operation, request) == GOES

    (message,) = world.status_messages()
    assert message["job_ids"] == job_ids(world)
    assert len(world.deletions()) == 1


@each_operation
def test_a_request_that_could_be_neither_recorded_nor_handed_on_is_kept_for_a_person_and_not_sent_again(
    world: World, operation: str, capsys: pytest.CaptureFixture[str]
) -> None:
    request = request_of(world, operation, request_id="unknown", task_token="token")

    with sending_fails(world, STATUS_QUEUE), ledger_records_nothing(world):
        assert deliver(world, operation, request) == GOES

    (letter,), (job_id,) = world.dead_letters(), job_ids(world)
    assert (json.loads(letter["body"]), letter["ErrorCode"]) == (request, "DeletionUntracked")
    assert job_id in letter["ErrorMessage"]
    (event,) = world.outcome_events()
    assert (event["kind"], event["code"], event["job_ids"]) == ("Rejected", "DeletionUntracked", [job_id])
    assert [response["error"] for response in world.task_responses] == ["DeletionUntracked"]
    errors = {line["message"]: line["job_ids"] for line in world.log_lines() if line["level"] == "ERROR"}
    assert errors == {
        "the ledger was not written": [job_id],
        "the jobs of a request are not tracked": [job_id],
    }
    put_out = capsys.readouterr().out
    assert '"StatusMessageFailures":[1.0]' in put_out
    assert '"LedgerWriteFailures":[1.0]' in put_out
    assert len(world.deletions()) == 1


@each_operation
def test_such_a_request_does_not_come_back_because_it_could_not_be_published(
    world: World, operation: str
) -> None:
    no_events = FailingCalls(world.runtime.events, "PutEvents", service="events")
    with no_events, sending_fails(world, STATUS_QUEUE), ledger_records_nothing(world):
        assert deliver(world, operation, request_of(world, operation)) == GOES
    assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["DeletionUntracked"]


@each_operation
def test_such_a_request_comes_back_unreported_where_it_could_not_be_dead_lettered_either(
    world: World, operation: str
) -> None:
    """It is sent again then, which does no harm; a delete-all is not."""
    request = request_of(world, operation)

    with sending_fails(world, STATUS_QUEUE, "BulkDeleteDeadLetterQueue"), ledger_records_nothing(world):
        assert deliver(world, operation, request) == STAYS
    assert world.outcome_events() == []
    world.clock.advance(1000)
    if operation == "remove_identifier":
        world.change_ledger(in_progress_expiration={"N": "0"})  # the claim has ended with the invocation
    assert deliver(world, operation, request) == GOES

    if operation == "delete_all":
        assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["DeleteAllUnconfirmed"]
    elif operation == "remove_identifier":
        assert [event["kind"] for event in world.outcome_events()] == ["Completed"], "it is gone already"
    else:
        assert len(world.status_messages()) == 1
    assert len(world.deletions()) == (2 if operation == "bulk_delete" else 1)


def test_of_messages_that_were_taken_in_part_only_the_requests_of_the_others_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = world.runtime.sqs.send_message_batch

    def partly(QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:
        sending(QueueUrl=QueueUrl, Entries=Entries[1:])
        return {"Failed": [{"Id": Entries[0]["Id"], "Code": "InternalError", "SenderFault": False}]}

    monkeypatch.setattr(world.runtime.sqs, "send_message_batch", partly)
    requests = [bulk_delete([contact_id(number)]) for number in range(210)]

    stays = deliver(world, "bulk_delete", *requests)["batchItemFailures"]

    (message,) = world.status_messages()
    handed_on = {followed["message_id"] for followed in message["requests"]}
    assert len(handed_on) + len(stays) == 210
    assert handed_on.isdisjoint(stay["itemIdentifier"] for stay in stays)
