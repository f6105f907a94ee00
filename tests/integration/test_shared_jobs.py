"""Which requests share a job is the program's decision: each ends as its own contacts do."""

import json
from typing import Any

import pytest

from contact_deletion.deadline import timestamp
from local.sendgrid_double import Fault
from tests.integration.job_status import (
    GOES,
    HOUR,
    LOOK_UP_ROUTE,
    MINUTE,
    STAYS,
    accept,
    contacts,
    ended,
    ends,
    kinds,
    listed,
    status_batch,
)
from tests.integration.operations import sending_fails
from tests.support.dynamodb import FailingCalls
from tests.support.events import contact_id, status_check
from tests.support.world import STATUS_QUEUE, World

both_failures = pytest.mark.parametrize("ending", ["errored", "failed"])


@pytest.mark.parametrize(
    ("ending", "said"), [("errored", "the job ended errored"), ("completed", "the job completed")]
)
def test_request_whose_contacts_are_gone_is_completed_although_its_job_left_others(
    world: World, ending: Any, said: str
) -> None:
    there = contacts(world, 6)
    requests = [there[:2], there[2:5], there[5:], [contact_id(1)]]

    events = ended(world, *requests, ending=ending)

    left = world.double.account.contact_ids()
    assert len(left) in (3, 4)
    for number, ids in enumerate(requests):
        event, mine = events[f"order-{number}"], sorted(left.intersection(ids))
        message = f"{said}; {len(mine)} of the request's contacts are still there"
        expected = ("Failed", "DeletionFailed", message) if mine else ("Completed", None, "")
        assert (event["kind"], event["code"], event["message"]) == expected
        assert event["remaining_contacts"] == listed(*mine)


@both_failures
def test_contacts_that_remain_after_a_failed_job_are_looked_up_again_for_15_minutes_after_its_end(
    world: World, ending: Any
) -> None:
    world.double.account.force_next_jobs(ending)
    batch = accept(world, contacts(world, 1))

    world.clock.advance(30)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(15 * MINUTE - 1)
    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    world.clock.advance(1)
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Failed"}


@pytest.mark.parametrize("ending", ["completed", "failed"])
def test_contacts_that_go_after_their_job_ended_complete_the_request(world: World, ending: Any) -> None:
    world.double.account.force_next_jobs(ending)
    there = contacts(world, 2)
    batch = accept(world, there)
    world.clock.advance(60)
    assert world.deletion_status(batch) == STAYS

    world.double.account.delete_contacts(there)
    world.clock.advance(60)

    assert world.deletion_status(batch) == GOES
    assert kinds(world) == {"order-0": "Completed"}


def test_job_that_ends_late_leaves_as_much_time_for_its_contacts_to_go(world: World) -> None:
    world.double.settings.change(job_delay=40 * MINUTE)
    world.double.account.force_next_jobs("errored")
    batch = accept(world, contacts(world, 1))

    world.clock.advance(41 * MINUTE)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(15 * MINUTE)
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Failed"}


def test_the_window_in_which_contacts_may_still_be_shown_is_a_setting(world: World) -> None:
    world.change_settings(consistency_window_seconds=0)
    assert ended(world, contacts(world, 1), ending="errored", after=30)["order-0"]["kind"] == "Failed"


@pytest.mark.parametrize("ending", ["errored", "failed", "completed"])
def test_without_look_ups_end_of_job_is_at_once_that_of_its_requests(world: World, ending: Any) -> None:
    world.change_settings(contact_verification="never")

    events = ended(world, contacts(world, 1), [contact_id(1)], ending=ending, after=30)

    failed = ("Failed", f"the job ended {ending}")
    for event in events.values():
        expected = ("Completed", "") if ending == "completed" else failed
        assert (event["kind"], event["message"]) == expected
        assert event["remaining_contacts"] is None
    assert world.contact_looks() == []


def test_request_whose_contacts_are_gone_is_completed_although_its_job_never_ended(world: World) -> None:
    event = ended(world, [contact_id(1)], ending="pending", after=24 * HOUR)["order-0"]
    assert event["kind"] == "Completed"


def test_without_look_ups_the_outcome_of_a_job_that_never_ended_is_unknown(world: World) -> None:
    world.change_settings(contact_verification="never")
    event = ended(world, [contact_id(1)], ending="pending", after=24 * HOUR)["order-0"]
    assert (event["kind"], event["code"]) == ("Unknown", "OutcomeUnknown")
    assert event["message"] == "the job never finished: it was pending after 24 hours"


def _half_done(world: World) -> tuple[dict[str, Any], str]:
    """A message about two requests that share an errored job: the contact of the one is gone, the other's remains."""
    world.double.account.force_next_jobs("failed")
    (left,) = contacts(world, 1)
    batch = accept(world, [left], [contact_id(1)])
    world.clock.advance(60)
    return batch, left


def rest_of(world: World) -> dict[str, Any]:
    """The batch of the message about what is left."""
    return status_batch(*world.status_messages())


def test_request_whose_contacts_remain_delays_no_other_of_its_job(world: World) -> None:
    batch, left = _half_done(world)

    assert world.deletion_status(batch) == GOES

    first = ends(world)
    assert {name: event["kind"] for name, event in first.items()} == {"order-1": "Completed"}
    world.clock.advance(15 * MINUTE)
    assert world.deletion_status(rest_of(world)) == GOES
    second = ends(world)["order-0"]
    assert (second["kind"], second["remaining_contacts"]["contact_ids"]) == ("Failed", [left])
    assert second["accepted_at"] == first["order-1"]["accepted_at"]


def test_message_about_the_rest_has_what_the_first_had(world: World) -> None:
    gone, left = contact_id(1), contacts(world, 1)[0]
    world.double.account.force_next_jobs("failed")
    job = world.double.account.delete_contacts([gone, left])
    world.clock.advance(60)
    known: dict[str, Any] = {
        "operation": "bulk_delete",
        "request_id": "one",
        "message_id": "1-2",
        "contact_count": 1,
    }
    waiting = {**known, "contact_ids": [left], "task_token": "token"}
    removal = {**known, "operation": "remove_identifier", "request_id": "two"}
    removal["identifier"] = {"contact_id": left, "identifier_type": "EXTERNALID"}
    message = status_check(
        [job.id], {"contact_ids": [gone]}, waiting, removal, accepted_at=timestamp(world.clock())
    )

    assert world.deletion_status(status_batch(message)) == GOES

    (rest,) = world.status_messages()
    assert rest == {**message, "requests": [waiting, removal]}
    assert world.task_responses == []


def test_rest_that_the_queue_does_not_take_comes_back_with_its_message(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    batch, _ = _half_done(world)

    with sending_fails(world, STATUS_QUEUE):
        assert world.deletion_status(batch) == STAYS

    assert kinds(world) == {"order-1": "Completed"}
    assert "StatusMessageFailures" in capsys.readouterr().out
    assert world.status_messages() == []


def test_rest_is_not_followed_before_the_ends_are_known(world: World) -> None:
    batch, _ = _half_done(world)

    with FailingCalls(world.runtime.events, "PutEvents", service="events"):
        assert world.deletion_status(batch) == STAYS

    assert world.status_messages() == []


def test_failed_look_up_of_one_request_delays_no_other(world: World) -> None:
    """A hundred contacts are looked up in a call, so those of the second request are in another."""
    world.double.account.force_next_jobs("failed")
    batch = accept(world, contacts(world, 100), [contact_id(1)])
    world.clock.advance(60)
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503))

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-1": "Completed"}


def test_direct_invocation_is_pending_until_all_its_requests_have_ended(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    batch, _ = _half_done(world)
    (record,) = batch["Records"]
    capsys.readouterr()

    response = world.deletion_status(json.loads(record["body"]))

    assert (response["status"], len(response["requests"])) == ("pending", 2)
    assert "RequestsCompleted" not in capsys.readouterr().out
    assert world.status_messages() == []
