"""Every request of a queue ends in an event on EventBridge."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema
import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, STAYS, contacts
from tests.integration.operations import deliver, each_operation, request_of
from tests.support.dynamodb import FailingCalls
from tests.support.events import (
    bulk_delete,
    contact_id,
    queue_arn,
    remove_identifier,
    sqs_event,
    status_check,
)
from tests.support.world import EVENT_SOURCE, STATUS_QUEUE, World

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "outcome-event.schema.json").read_text())


def follow(world: World) -> Any:
    return world.deletion_status(sqs_event(*world.status_messages(), queue=STATUS_QUEUE))


def to_the_millisecond(world: World) -> str:
    return datetime.fromtimestamp(world.clock(), UTC).isoformat(timespec="milliseconds")


@each_operation
def test_a_completed_request_ends_in_one_event(world: World, operation: str) -> None:
    accepted_at = to_the_millisecond(world)
    deliver(world, operation, request_of(world, operation, request_id="order-7"))
    world.jobs_end()
    assert follow(world) == GOES

    (event,) = world.outcome_events()

    (job,) = world.double.account.jobs()
    deleted = None if operation == "remove_identifier" else 1
    assert event == {
        "kind": "Completed",
        "operation": operation,
        "request_id": "order-7",
        "message_id": "00000000-0000-0000-0000-000000000001",
        "job_ids": [job.id],
        "contact_count": 1,
        "code": None,
        "message": "",
        "identifiers": None,
        "counts": {"requested": 1, "deleted": deleted, "errored": None},
        "remaining_contacts": None,
        "unchecked_contacts": None,
        "accepted_at": accepted_at,
        "ended_at": to_the_millisecond(world),
    }


def test_events_are_as_their_schema_says(world: World) -> None:
    """As they arrive at a rule's target: EventBridge puts an envelope around them."""
    world.queue_url("Target")
    pattern = json.dumps({"source": [EVENT_SOURCE]})
    world.runtime.events.put_rule(Name="outcomes", EventPattern=pattern)
    world.runtime.events.put_targets(Rule="outcomes", Targets=[{"Id": "queue", "Arn": queue_arn("Target")}])
    world.double.account.force_next_jobs("failed")
    deliver(world, "bulk_delete", bulk_delete(contacts(world, 150), request_id="fails"), "not JSON")
    deliver(world, "remove_identifier", request_of(world, "remove_identifier"))
    lacking = world.new_contact(external_id="x")
    deliver(world, "remove_identifier", remove_identifier(lacking, "EMAIL", "ada@example.com"))
    world.jobs_end()
    follow(world)

    events = [json.loads(record["body"]) for record in world.receive_all("Target")]

    for event in events:
        jsonschema.validate(event, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert sorted(event["detail-type"] for event in events) == [
        "Contact Deletion Completed",
        "Contact Deletion Completed",
        "Contact Deletion Failed",
        "Contact Deletion Rejected",
    ]


def test_a_rejected_request_is_a_dead_letter_and_an_event_of_the_same_code(world: World) -> None:
    no_ids: dict[str, Any] = {"contact_ids": []}
    requests = ["not JSON", no_ids | {"request_id": "a b"}, no_ids | {"request_id": "order-7"}]

    assert deliver(world, "bulk_delete", *requests) == GOES

    letters = sorted(letter["ErrorMessage"] for letter in world.dead_letters())
    events = world.outcome_events()
    reported = [(event["kind"], event["code"], event["request_id"]) for event in events]
    assert reported == [("Rejected", "InvalidRequest", request_id) for request_id in (None, None, "order-7")]
    assert sorted(event["message"] for event in events) == letters


def test_nothing_to_do_is_completed_at_once(world: World) -> None:
    contact = world.new_contact(external_id="x")
    request = remove_identifier(contact, "EMAIL", "ada@example.com", task_token="token")

    deliver(world, "remove_identifier", request)

    (event,) = world.outcome_events()
    (response,) = world.task_responses
    assert (event["kind"], event["job_ids"], event["contact_count"]) == ("Completed", [], 0)
    assert "nothing to do" in event["message"]
    assert json.loads(response["output"]) == {name: event[name] for name in event if name != "kind"}


@each_operation
def test_a_deferred_request_has_no_event(world: World, operation: str) -> None:
    world.double.faults.add(Fault(method="DELETE", status=403))
    assert deliver(world, operation, request_of(world, operation, task_token="token")) == STAYS
    assert (world.outcome_events(), world.task_responses) == ([], [])


@pytest.mark.parametrize(
    ("published", "kinds"), [("each", ["Completed", "Rejected"]), ("failures", ["Rejected"]), ("none", [])]
)
@pytest.mark.parametrize("has_token", [True, False])
def test_events_are_published_of_the_chosen_requests_and_tasks_always_receive_theirs(
    world: World, published: str, kinds: list[str], has_token: bool
) -> None:
    world.change_settings(outcome_events=published)
    world.double.settings.change(unknown_id_status=404)
    token = {"task_token": "token"} if has_token else {}
    invalid = {"contact_ids": ["x"]} | token
    gone = {"contact_ids": [contact_id(1)]} | token

    deliver(world, "bulk_delete", gone, invalid)

    assert [event["kind"] for event in world.outcome_events()] == kinds
    assert len(world.task_responses) == (2 if has_token else 0)
    assert len(world.dead_letters()) == 1


def test_events_that_the_bus_did_not_take_are_put_again_alone(world: World) -> None:
    putting = world.runtime.events.put_events
    sizes = []

    def partly(Entries: list[Any]) -> Any:
        sizes.append(len(Entries))
        if len(sizes) > 2:
            return putting(Entries=Entries)
        taken: list[Any] = list(putting(Entries=Entries[1:-1])["Entries"]) if len(Entries) > 2 else []
        throttled = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        return {"FailedEntryCount": 2, "Entries": [throttled, *taken, throttled]}

    with patch.object(world.runtime.events, "put_events", partly):
        assert deliver(world, "bulk_delete", *(f"not JSON {number}" for number in range(5))) == GOES

    events = world.outcome_events()
    assert sizes == [5, 2, 2]
    assert len({event["message_id"] for event in events}) == len(events) == 5
    assert len(world.clock.slept) == 2


def test_an_event_that_the_bus_refuses_keeps_its_message_and_is_published_later(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    request = bulk_delete(["x"], request_id="order-7")

    with FailingCalls(world.runtime.events, "PutEvents", "InternalFailure", service="events"):
        assert deliver(world, "bulk_delete", request) == STAYS

    (line,) = [line for line in world.log_lines() if line["message"] == "an outcome event was not published"]
    assert (line["level"], line["request_id"], line["reason"]) == ("ERROR", "order-7", "InternalFailure")
    assert '"EventFailures":[1.0]' in capsys.readouterr().out
    assert world.dead_letters() == []

    assert deliver(world, "bulk_delete", request) == GOES
    assert len(world.dead_letters()) == 1
    assert [event["kind"] for event in world.outcome_events()] == ["Rejected"]


def test_only_the_message_whose_event_was_not_taken_stays(world: World) -> None:
    putting = world.runtime.events.put_events

    def all_but_the_unlucky(Entries: list[Any]) -> dict[str, Any]:
        failed = {"ErrorCode": "InternalFailure"}
        results = [
            failed if "unlucky" in entry["Detail"] else putting(Entries=[entry])["Entries"][0]
            for entry in Entries
        ]
        return {"FailedEntryCount": results.count(failed), "Entries": results}

    job = world.double.account.delete_contacts(contacts(world, 1))
    world.jobs_end()
    messages = [status_check([job.id], {"request_id": name}) for name in ("unlucky", "lucky")]

    with patch.object(world.runtime.events, "put_events", all_but_the_unlucky):
        assert world.deletion_status(sqs_event(*messages, queue=STATUS_QUEUE)) == STAYS

    assert [event["request_id"] for event in world.outcome_events()] == ["lucky"]
