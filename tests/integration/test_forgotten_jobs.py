"""SendGrid accepted a job, so it is followed for a day even where SendGrid says that it does not know it."""

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import (
    GOES,
    HOUR,
    JOB_ROUTE,
    MINUTE,
    STAYS,
    accept,
    contacts,
    ends,
    kinds,
    status_batch,
)
from tests.integration.operations import deliver, request_of
from tests.support.events import contact_id, status_check
from tests.support.world import World


def forgotten(world: World) -> None:
    """SendGrid knows no job any more."""
    world.double.faults.add(Fault(route=JOB_ROUTE, status=404, times=1000))


@pytest.mark.parametrize("status", [400, 404, 405, 406, 409, 410, 422])
def test_stray_refusal_does_not_end_a_job_that_is_pending(world: World, status: int) -> None:
    world.double.settings.change(job_delay=HOUR)
    batch = accept(world, contacts(world, 1))
    world.clock.advance(60)
    assert world.deletion_status(batch) == STAYS

    world.clock.advance(20 * MINUTE)
    world.double.faults.add(Fault(route=JOB_ROUTE, status=status, body={"errors": [{"message": "no"}]}))
    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []

    world.clock.advance(HOUR)
    assert world.deletion_status(batch) == GOES
    assert kinds(world) == {"order-0": "Completed"}


def test_job_that_sendgrid_does_not_know_is_followed_for_day_while_its_contacts_remain(world: World) -> None:
    world.double.account.force_next_jobs("pending")
    there = contacts(world, 1)
    batch = accept(world, there)
    forgotten(world)

    world.clock.advance(24 * HOUR - 1)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(1)
    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    assert event["message"] == "SendGrid does not know the job; 1 of the request's contacts are still there"
    assert event["remaining_contacts"]["contact_ids"] == there


@pytest.mark.parametrize("operation", ["bulk_delete", "delete_all"])
def test_request_replayed_after_sendgrid_forgot_its_job_is_completed_where_its_contacts_are_gone(
    world: World, operation: str
) -> None:
    request = request_of(world, operation, request_id="again")
    deliver(world, operation, request)
    world.status_messages()
    world.clock.advance(5 * 24 * HOUR)
    forgotten(world)

    deliver(world, operation, request)
    batch = status_batch(*world.status_messages())

    world.clock.advance(15 * MINUTE - 1)
    assert world.deletion_status(batch) == STAYS
    assert world.contact_looks() == []
    world.clock.advance(1)
    assert world.deletion_status(batch) == GOES
    event = ends(world)["again"]
    assert (event["kind"], event["remaining_contacts"]["count"]) == ("Completed", 0)
    assert len(world.deletions()) == 1


def test_contacts_imported_since_a_forgotten_delete_all_do_not_make_it_a_failure(world: World) -> None:
    message = status_check(
        ["forgotten"],
        {"operation": "delete_all", "request_id": "reset", "contact_count": 2},
        accepted_at=world.now(),
    )
    contacts(world, 3)
    world.clock.advance(24 * HOUR)

    assert world.deletion_status(status_batch(message)) == GOES

    event = ends(world)["reset"]
    assert (event["kind"], event["code"]) == ("Unknown", "OutcomeUnknown")
    assert event["message"] == "SendGrid does not know the job; the account has 3 contacts"
    assert event["remaining_contacts"] == {"count": 3, "contact_ids": [], "truncated": True}


def test_outcome_of_unknown_job_is_unknown_after_day_where_nothing_can_be_looked_up(world: World) -> None:
    message = status_check(["forgotten"], {"request_id": "run"}, accepted_at=world.now())
    batch = status_batch(message)

    world.clock.advance(24 * HOUR - 1)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(1)
    assert world.deletion_status(batch) == GOES

    event = ends(world)["run"]
    assert (event["kind"], event["message"]) == ("Unknown", "SendGrid does not know the job")


def test_workflow_that_names_contacts_learns_at_once_that_those_of_unknown_job_are_gone(world: World) -> None:
    response = world.deletion_status(status_check(["forgotten"], {"contact_ids": [contact_id(1)]}))
    assert (response["status"], response["jobs"][0]["status"]) == ("completed", "unknown")
