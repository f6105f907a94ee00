"""A delete-all is completed when the account is empty, or when its job deleted every contact that there was."""

from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import (
    GOES,
    HOUR,
    JOB_ROUTE,
    MINUTE,
    STAYS,
    contacts,
    ends,
    kinds,
    listed,
    status_batch,
)
from tests.support.events import delete_all, sqs_event, status_check
from tests.support.world import World

COUNT_ROUTE = "/v3/marketing/contacts/count"


def accepted(world: World, ending: Any = None, count: int = 4) -> dict[str, Any]:
    """Has so many contacts deleted by a job that ends so, and gives the batch of status checks."""
    if ending:
        world.double.account.force_next_jobs(ending)
    contacts(world, count)
    world.delete_all(sqs_event(delete_all(world.now(), request_id="reset"), queue="DeleteAllQueue"))
    return status_batch(*world.status_messages())


def counted(world: World) -> int:
    """How often DeletionStatusFunction asked for the contact count."""
    return sum(call.route == COUNT_ROUTE for call in world.double.requests) - 1


def job_says(world: World, **results: Any) -> None:
    body = {"status": "completed", "results": results}
    world.double.faults.add(Fault(route=JOB_ROUTE, status=200, body=body))


@pytest.mark.parametrize("ending", ["completed", "errored", "failed"])
def test_delete_all_that_left_contacts_says_how_many(world: World, ending: Any) -> None:
    batch = accepted(world, ending)
    world.clock.advance(15 * MINUTE)
    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    world.clock.advance(30)
    assert world.deletion_status(batch) == GOES

    left = len(world.double.account)
    event = ends(world)["reset"]
    assert left in (2, 4)
    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    said = "the job completed" if ending == "completed" else f"the job ended {ending}"
    assert event["message"] == f"{said}; the account has {left} contacts"
    assert event["remaining_contacts"] == {"count": left, "contact_ids": [], "truncated": True}


def test_delete_all_whose_contacts_go_after_its_job_errored_is_completed(world: World) -> None:
    batch = accepted(world, "errored")
    world.clock.advance(60)
    assert world.deletion_status(batch) == STAYS

    world.double.account.delete_all()
    world.clock.advance(60)

    assert world.deletion_status(batch) == GOES
    event = ends(world)["reset"]
    assert (event["kind"], event["code"]) == ("Completed", None)
    assert event["remaining_contacts"] == listed()


@pytest.mark.parametrize(
    ("verification", "ending"), [("on-error", None), ("always", None), ("never", "completed")]
)
def test_contacts_imported_after_a_delete_all_that_deleted_all_are_none_of_its_business(
    world: World, verification: str, ending: Any
) -> None:
    """With verification never, the job is believed although it left some."""
    world.change_settings(contact_verification=verification)
    batch = accepted(world, ending)
    world.jobs_end()
    contacts(world, 3)

    assert world.deletion_status(batch) == GOES

    event = ends(world)["reset"]
    assert (event["kind"], event["operation"], event["contact_count"]) == ("Completed", "delete_all", 4)
    assert ending or event["counts"] == {"requested": 4, "deleted": 4, "errored": None}
    assert counted(world) == 0


@pytest.mark.parametrize(
    "results",
    [*({"requested_count": n, "deleted_count": 3} for n in (4, 3)), {"requested_count": 4}, {}],
    ids=str,
)
def test_contacts_are_counted_where_the_job_does_not_say_that_it_deleted_all(
    world: World, results: dict[str, int]
) -> None:
    batch = accepted(world)
    world.jobs_end()
    job_says(world, **results)
    assert world.deletion_status(batch) == GOES
    assert (kinds(world), counted(world)) == ({"reset": "Completed"}, 1)


def test_a_job_that_deleted_none_of_one_contact_leaves_doubt(world: World) -> None:
    batch = accepted(world, count=1)
    world.jobs_end()
    job_says(world, requested_count=0, deleted_count=0)
    assert world.deletion_status(batch) == GOES
    assert counted(world) == 1


def test_where_the_number_of_contacts_is_unknown_the_counts_of_the_job_decide(world: World) -> None:
    job = world.double.account.delete_all()
    world.jobs_end()
    job_says(world, requested_count=0, deleted_count=0)

    response = world.deletion_status(status_check([job.id], {"operation": "delete_all"}))

    assert response["status"] == "completed"
    assert not any(call.route == COUNT_ROUTE for call in world.double.requests)


def test_where_the_number_of_contacts_is_unknown_and_refused_no_number_is_made_up(world: World) -> None:
    world.double.account.force_next_jobs("errored")
    contacts(world, 4)
    job = world.double.account.delete_all()
    world.jobs_end()
    world.double.faults.add(Fault(route=COUNT_ROUTE, status=400, body={"errors": [{"message": "no"}]}))

    response = world.deletion_status(status_check([job.id], {"operation": "delete_all"}))

    assert response["status"] == "unknown"
    assert response["requests"][0]["unchecked_contacts"]["count"] == 0


def test_contacts_of_an_account_are_counted_once_for_all_delete_alls_of_a_batch(world: World) -> None:
    contacts(world, 2)
    messages = [
        status_check(
            ["job"], {"operation": "delete_all", "request_id": f"reset-{n}"}, accepted_at=world.now()
        )
        for n in range(3)
    ]
    world.clock.advance(24 * HOUR + 1)

    assert world.deletion_status(status_batch(*messages)) == GOES

    assert sum(call.route == COUNT_ROUTE for call in world.double.requests) == 1
    assert set(kinds(world).values()) == {"Unknown"}


def test_where_the_contact_count_is_refused_the_outcome_is_unknown(world: World) -> None:
    batch = accepted(world, "completed")
    world.jobs_end()
    world.double.faults.add(Fault(route=COUNT_ROUTE, status=400, body={"errors": [{"message": "no"}]}))

    assert world.deletion_status(batch) == GOES

    event = ends(world)["reset"]
    assert (event["kind"], event["code"]) == ("Unknown", "OutcomeUnknown")
    assert event["message"] == "the job completed; SendGrid refused to count the account's contacts"
    assert event["unchecked_contacts"] == {"count": 4, "contact_ids": [], "truncated": True}


def test_where_the_contact_count_fails_the_end_is_reported_later(world: World) -> None:
    batch = accepted(world, "completed")
    world.jobs_end()
    world.double.faults.add(Fault(route=COUNT_ROUTE, status=503))

    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []

    assert world.deletion_status(batch) == GOES
    assert kinds(world) == {"reset": "Failed"}


def test_workflow_learns_how_many_contacts_a_delete_all_left(world: World) -> None:
    world.double.account.force_next_jobs("completed")
    contacts(world, 4)
    job = world.double.account.delete_all()
    world.jobs_end()

    request = status_check([job.id], {"operation": "delete_all"}, accepted_at="2026-01-01T00:00:00Z")
    response = world.deletion_status(request)

    assert response["status"] == "failed"
    assert response["requests"][0]["remaining_contacts"]["count"] == 2
