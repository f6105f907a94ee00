"""Where a job leaves it in doubt what became of contacts, they are looked up."""

import json
from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import (
    GOES,
    LOOK_UP_ROUTE,
    MINUTE,
    STAYS,
    accept,
    contacts,
    ends,
    followed,
    kinds,
)
from tests.support.events import contact_id, sqs_event
from tests.support.world import STATUS_QUEUE, World


def test_contacts_are_not_looked_up_where_the_job_leaves_no_doubt(world: World) -> None:
    batch = accept(world, contacts(world, 3))
    world.jobs_end()

    world.deletion_status(batch)

    assert world.contact_looks() == []
    assert ends(world)["order-0"]["remaining_contacts"] is None


def test_contacts_are_looked_up_where_the_counts_do_not_add_up(world: World) -> None:
    """Two of the three were gone before, so the job deletes one of three."""
    batch = accept(world, [*contacts(world, 1), contact_id(1), contact_id(2)])
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    assert len(world.contact_looks()) == 1
    event = ends(world)["order-0"]
    assert event["kind"] == "Completed"
    assert event["remaining_contacts"] == {"count": 0, "contact_ids": [], "truncated": False}


def test_a_job_that_completed_and_left_contacts_is_waited_for_and_then_failed(world: World) -> None:
    world.double.account.force_next_jobs("completed")
    there = contacts(world, 4)
    batch = accept(world, there)

    world.clock.advance(15 * MINUTE)  # since acceptance; half a minute less since its end
    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    world.clock.advance(30)
    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    assert event["message"] == "the job completed; 2 of the request's contacts are still there"
    assert set(event["remaining_contacts"]["contact_ids"]) == world.double.account.contact_ids()


def test_a_job_that_completed_and_whose_contacts_go_later_has_completed(world: World) -> None:
    world.double.account.force_next_jobs("completed")
    there = contacts(world, 2)
    batch = accept(world, there)
    world.clock.advance(30)
    assert world.deletion_status(batch) == STAYS

    world.double.account.delete_contacts(there)
    world.clock.advance(60)

    assert world.deletion_status(batch) == GOES
    assert kinds(world) == {"order-0": "Completed"}


def test_a_request_whose_own_contacts_are_gone_is_no_failure_of_a_job_that_left_others(world: World) -> None:
    world.double.account.force_next_jobs("completed")
    there = contacts(world, 2)
    batch = accept(world, there[:1], there[1:])
    world.jobs_end()

    world.deletion_status(batch)

    (left,) = world.double.account.contact_ids()
    told = kinds(world)
    assert told == {
        f"order-{number}": "Failed" if contact == left else "Completed"
        for number, contact in enumerate(there)
    }


@pytest.mark.parametrize("ending", ["failed", "completed"])
def test_with_verification_never_the_job_alone_is_believed(world: World, ending: Any) -> None:
    world.change_settings(contact_verification="never")
    world.double.account.force_next_jobs(ending)
    batch = accept(world, contacts(world, 2))
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert event["kind"] == ("Failed" if ending == "failed" else "Completed")
    assert event["remaining_contacts"] is None
    assert world.contact_looks() == []


def test_with_verification_always_even_a_job_without_doubt_is_checked(world: World) -> None:
    world.change_settings(contact_verification="always")
    batch = accept(world, contacts(world, 2))
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    assert len(world.contact_looks()) == 1
    event = ends(world)["order-0"]
    assert event["kind"] == "Completed"
    assert event["remaining_contacts"] == {"count": 0, "contact_ids": [], "truncated": False}


def test_each_contact_is_looked_up_once_and_a_hundred_in_a_call(world: World) -> None:
    world.double.account.force_next_jobs("failed", 10)
    there = contacts(world, 230)
    batch = accept(world, there[:150], there[100:], there[:3])
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    looked_up = [json.loads(call.body)["ids"] for call in world.contact_looks()]
    assert [len(ids) for ids in looked_up] == [100, 100, 30]
    assert sorted(contact for ids in looked_up for contact in ids) == sorted(there)
    assert [event["remaining_contacts"]["count"] for _, event in sorted(ends(world).items())] == [
        150,
        130,
        3,
    ]


def test_a_404_of_the_look_up_says_that_no_contact_is_left(world: World) -> None:
    world.double.account.force_next_jobs("failed")
    batch = accept(world, contacts(world, 2))
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=404))

    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert event["kind"] == "Completed"
    assert event["remaining_contacts"] == {"count": 0, "contact_ids": [], "truncated": False}


def test_where_the_look_up_fails_the_end_is_told_later(world: World) -> None:
    world.double.account.force_next_jobs("failed")
    batch = accept(world, contacts(world, 2))
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503))

    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []

    assert world.deletion_status(batch) == GOES
    assert kinds(world) == {"order-0": "Failed"}


def test_where_the_look_up_fails_what_is_in_no_doubt_is_told_all_the_same(world: World) -> None:
    messages = [
        followed(world, ending=None, name="done"),
        followed(world, ending="failed", name="in-doubt"),
    ]
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503))

    response = world.deletion_status(sqs_event(*messages, queue=STATUS_QUEUE))

    assert kinds(world) == {"done": "Completed"}
    assert len(response["batchItemFailures"]) == 1


def test_where_a_later_look_up_fails_what_the_earlier_ones_decided_is_told(world: World) -> None:
    messages = [
        followed(world, ending="failed", name="first", number=100),
        followed(world, ending="failed", name="second", number=100),
    ]
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE))
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503))

    response = world.deletion_status(sqs_event(*messages, queue=STATUS_QUEUE))

    assert kinds(world) == {"first": "Failed"}
    assert len(response["batchItemFailures"]) == 1
    assert len(world.contact_looks()) == 2
