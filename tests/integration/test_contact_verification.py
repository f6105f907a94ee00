"""Where a job leaves it in doubt what became of contacts, they are looked up."""

import json
from typing import Any

import pytest

from contact_deletion.errors import SendGridUnavailable
from local.sendgrid_double import Fault
from tests.integration.job_status import (
    GOES,
    LOOK_UP_ROUTE,
    MINUTE,
    STAYS,
    accept,
    contacts,
    ended,
    ends,
    followed,
    kinds,
    listed,
    status_batch,
)
from tests.support.events import contact_id, status_check
from tests.support.world import World


def test_contacts_are_not_looked_up_where_the_job_leaves_no_doubt(world: World) -> None:
    event = ended(world, contacts(world, 3))["order-0"]
    assert event["remaining_contacts"] is None
    assert world.contact_looks() == []


def test_contacts_are_looked_up_where_the_counts_do_not_add_up(world: World) -> None:
    """Two of the three were gone before, so the job deletes one of three."""
    event = ended(world, [*contacts(world, 1), contact_id(1), contact_id(2)])["order-0"]
    assert len(world.contact_looks()) == 1
    assert (event["kind"], event["remaining_contacts"]) == ("Completed", listed())


def test_a_job_that_completed_and_left_contacts_is_waited_for_and_then_failed(world: World) -> None:
    world.double.account.force_next_jobs("completed")
    batch = accept(world, contacts(world, 4))

    world.clock.advance(15 * MINUTE)  # since acceptance; half a minute less since its end
    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    world.clock.advance(30)
    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    assert event["message"] == "the job completed; 2 of the request's contacts are still there"
    assert set(event["remaining_contacts"]["contact_ids"]) == world.double.account.contact_ids()


def test_with_verification_always_even_a_job_without_doubt_is_checked(world: World) -> None:
    world.change_settings(contact_verification="always")
    event = ended(world, contacts(world, 2))["order-0"]
    assert len(world.contact_looks()) == 1
    assert (event["kind"], event["remaining_contacts"]) == ("Completed", listed())


def test_each_contact_is_looked_up_once_and_a_hundred_in_a_call(world: World) -> None:
    there = contacts(world, 230)

    events = ended(world, there[:150], there[100:], there[:3], ending="failed")

    looked_up = [json.loads(call.body)["ids"] for call in world.contact_looks()]
    assert [len(ids) for ids in looked_up] == [100, 100, 30]
    assert sorted(contact for ids in looked_up for contact in ids) == sorted(there)
    left = [events[f"order-{number}"]["remaining_contacts"] for number in range(3)]
    reported = [(group["count"], len(group["contact_ids"]), group["truncated"]) for group in left]
    assert reported == [(150, 100, True), (130, 100, True), (3, 3, False)]


def test_a_404_of_the_look_up_says_that_no_contact_is_left(world: World) -> None:
    not_found = Fault(route=LOOK_UP_ROUTE, status=404)
    event = ended(world, contacts(world, 2), ending="failed", fault=not_found)["order-0"]
    assert (event["kind"], event["remaining_contacts"]) == ("Completed", listed())


@pytest.mark.parametrize("body", [None, "<html>Not Found</html>"], ids=["outage", "page of the edge"])
def test_where_the_look_up_fails_the_end_is_reported_later(world: World, body: str | None) -> None:
    world.double.account.force_next_jobs("failed")
    batch = accept(world, contacts(world, 2))
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=404 if body else 503, body=body))

    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []

    assert world.deletion_status(batch) == GOES
    assert kinds(world) == {"order-0": "Failed"}


def test_where_the_look_up_fails_a_workflow_gets_its_error_with_the_jobs(world: World) -> None:
    world.double.account.force_next_jobs("failed")
    ids = contacts(world, 2)
    job = world.double.account.delete_contacts(ids)
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503))

    with pytest.raises(SendGridUnavailable) as failed:
        world.deletion_status(status_check([job.id], {"contact_ids": ids}, accepted_at=world.now()))

    assert failed.value.job_ids == (job.id,)


@pytest.mark.parametrize(
    ("endings", "reported", "looks"),
    [((None, "failed"), "Completed", 1), (("failed", "failed"), "Failed", 2)],
)
def test_where_a_look_up_fails_requests_without_doubt_are_still_reported(
    world: World, endings: tuple[Any, Any], reported: str, looks: int
) -> None:
    messages = [
        followed(world, ending=ending, name=name, number=100)
        for name, ending in zip(("first", "second"), endings, strict=True)
    ]
    world.jobs_end()
    for _ in range(looks - 1):
        world.double.faults.add(Fault(route=LOOK_UP_ROUTE))
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503))

    response = world.deletion_status(status_batch(*messages))

    assert kinds(world) == {"first": reported}
    assert len(response["batchItemFailures"]) == 1
    assert len(world.contact_looks()) == looks
