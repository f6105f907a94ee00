"""Which requests share a job is the program's decision: each ends as its own contacts do."""

from typing import Any

import pytest

from tests.integration.following import GOES, MINUTE, STAYS, accept, contacts, ends, kinds
from tests.support.events import contact_id
from tests.support.world import World

both_failures = pytest.mark.parametrize("ending", ["errored", "failed"])


def test_request_whose_contacts_are_gone_is_completed_although_its_job_errored(world: World) -> None:
    world.double.account.force_next_jobs("errored")
    there = contacts(world, 2)
    batch = accept(world, there[:1], there[1:], [contact_id(1)])
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    (left,) = world.double.account.contact_ids()
    told = ends(world)
    for number, contact in enumerate([*there, contact_id(1)]):
        mine = [contact] if contact == left else []
        event = told[f"order-{number}"]
        assert event["contacts_still_there"] == {"count": len(mine), "contact_ids": mine, "cut": False}
        assert (event["kind"], event["code"], event["message"]) == (
            (
                "Failed",
                "DeletionFailed",
                "the job ended errored; 1 of the request's contacts are still there",
            )
            if mine
            else ("Completed", None, "")
        )


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


def test_contacts_that_go_after_their_job_failed_complete_the_request(world: World) -> None:
    world.double.account.force_next_jobs("failed")
    there = contacts(world, 1)
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
    world.double.account.force_next_jobs("errored")
    batch = accept(world, contacts(world, 1))
    world.clock.advance(30)

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Failed"}


@both_failures
def test_without_look_ups_the_end_of_the_job_is_at_once_that_of_its_requests(
    world: World, ending: Any
) -> None:
    world.change_settings(contact_verification="never")
    world.double.account.force_next_jobs(ending)
    batch = accept(world, contacts(world, 1), [contact_id(1)])
    world.clock.advance(30)

    assert world.deletion_status(batch) == GOES

    for event in ends(world).values():
        assert (event["kind"], event["message"]) == ("Failed", f"the job ended {ending}")
        assert event["contacts_still_there"] is None


def test_request_whose_contacts_are_gone_is_completed_although_its_job_never_ended(world: World) -> None:
    world.double.account.force_next_jobs("pending")
    batch = accept(world, [contact_id(1)])
    world.clock.advance(24 * 60 * MINUTE)

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Completed"}


def test_without_look_ups_the_outcome_of_a_job_that_never_ended_is_unknown(world: World) -> None:
    world.change_settings(contact_verification="never")
    world.double.account.force_next_jobs("pending")
    batch = accept(world, [contact_id(1)])
    world.clock.advance(24 * 60 * MINUTE)

    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert (event["kind"], event["code"]) == ("Unknown", "OutcomeUnknown")
    assert event["message"] == "the job never finished: it was pending after 24 hours"
