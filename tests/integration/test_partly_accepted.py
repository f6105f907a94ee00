"""A direct invocation of which SendGrid accepted some calls: its error names the jobs, and what remains is found."""

import json
from typing import Any

import pytest

from contact_deletion.errors import NotAccepted, SendGridUnauthorized, SendGridUnavailable
from local.sendgrid_double import Fault
from tests.integration.bulk import contacts, outcome_of, refused_at_once
from tests.integration.job_status import LOOK_UP_ROUTE
from tests.support.events import bulk_delete, status_check
from tests.support.world import World

# So many contacts are in a full call.
CALL = 204


def caught(outcome: object) -> dict[str, str]:
    """As a workflow's Catch gets it."""
    assert isinstance(outcome, NotAccepted)
    return {"Error": outcome.code, "Cause": json.dumps({"errorMessage": str(outcome), "stackTrace": []})}


def followed(world: World, ids: list[str], error: object, **more: Any) -> dict[str, Any]:
    """The end of a request, as DeletionStatusFunction reports it to a workflow."""
    request = {"operation": "bulk_delete", "request_id": "batch", "contact_ids": ids, "error": error}
    response: dict[str, Any] = world.deletion_status(status_check([], request, **more))
    return response


def refused_in_part(world: World) -> tuple[list[str], dict[str, str]]:
    """Three contacts, of which SendGrid refuses to delete the first."""
    refused_at_once(world)
    ids = contacts(world, 3)
    world.double.poison_ids = {ids[0]}
    refused_at_once(world)
    return ids, caught(outcome_of(world, bulk_delete(ids, request_id="batch")))


def test_an_error_names_the_jobs_of_every_attempt(world: World) -> None:
    ids = contacts(world, 3 * CALL)
    request = bulk_delete(ids, request_id="batch")
    for _ in range(2):
        world.double.faults.add(Fault(method="DELETE"))
        world.double.faults.add(Fault(method="DELETE", drop=True, times=99))
        outcome = outcome_of(world, request)
        world.double.faults.clear()

    assert isinstance(outcome, SendGridUnavailable)
    jobs = [job.id for job in world.double.account.jobs()]
    assert len(jobs) == 2
    assert json.loads(str(outcome)) == {"message": outcome.message, "job_ids": jobs}


def test_what_was_accepted_is_followed_and_what_remains_is_named(world: World) -> None:
    ids, error = refused_in_part(world)

    pending = followed(world, ids, error)
    world.jobs_end()
    response = followed(world, ids, error)

    jobs = [job.id for job in world.double.account.jobs()]
    assert (pending["status"], pending["job_ids"]) == ("pending", jobs)
    assert (response["status"], response["job_ids"]) == ("failed", jobs)
    (end,) = response["requests"]
    assert end["code"] == "SendGridRefused"
    assert ids[0] in end["message"]
    assert end["message"].endswith("; the job completed; 1 of the request's contacts are still there")
    assert end["remaining_contacts"] == {"count": 1, "contact_ids": [ids[0]], "truncated": False}


def test_contacts_that_are_gone_all_the_same_are_a_goal_reached(world: World) -> None:
    ids, error = refused_in_part(world)
    world.jobs_end()
    world.double.account.delete_contacts([ids[0]])
    world.jobs_end()

    response = followed(world, ids, error)

    assert (response["status"], response["requests"][0]["code"]) == ("completed", None)


def test_without_a_look_up_the_error_is_the_end(world: World) -> None:
    world.change_settings(contact_verification="never")
    ids, error = refused_in_part(world)
    world.jobs_end()
    before = len(world.contact_looks())

    response = followed(world, ids, error)

    assert (response["status"], response["requests"][0]["code"]) == ("failed", "SendGridRefused")
    assert response["requests"][0]["remaining_contacts"] is None
    assert len(world.contact_looks()) == before


def test_a_refused_look_up_leaves_it_unknown_what_remains(world: World) -> None:
    ids, error = refused_in_part(world)
    world.jobs_end()
    world.double.faults.add(Fault(method="POST", route=LOOK_UP_ROUTE, status=400, times=99))

    response = followed(world, ids, error)

    assert (response["status"], response["requests"][0]["code"]) == ("unknown", "OutcomeUnknown")


def test_nothing_is_asked_for_a_request_of_which_nothing_was_started(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The function that did not accept it has counted it."""
    ids = contacts(world, 3)
    world.double.faults.add(Fault(method="DELETE", status=401, times=99))
    outcome = outcome_of(world, bulk_delete(ids))
    assert isinstance(outcome, SendGridUnauthorized)
    before = len(world.double.requests)

    response = followed(world, ids, caught(outcome))

    assert (response["status"], response["job_ids"]) == ("not_accepted", [])
    assert response["requests"][0]["code"] == "SendGridUnauthorized"
    assert response["requests"][0]["message"] == outcome.message
    assert len(world.double.requests) == before
    assert world.log_lines()[-1]["message"] == "request not accepted"
    assert "RequestsFailed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "error",
    [
        {"Error": "States.Timeout"},
        {"Error": "SendGridUnavailable", "Cause": "{}"},
        {"Error": "Sandbox.Timedout"},
    ],
    ids=lambda error: error["Error"],
)
@pytest.mark.parametrize("takes_effect", [True, False])
def test_an_error_that_may_hide_jobs_has_the_contacts_looked_up(
    world: World, error: dict[str, str], takes_effect: bool
) -> None:
    ids = contacts(world, 3)
    accepted_at = world.now()
    if takes_effect:
        world.double.account.delete_contacts(ids)
    pending = followed(world, ids, error, accepted_at=accepted_at)
    world.clock.advance(16 * 60)

    response = followed(world, ids, error, accepted_at=accepted_at)

    assert (pending["status"], pending["job_ids"]) == ("pending", [])
    if takes_effect:
        assert (response["status"], response["requests"][0]["code"]) == ("completed", None)
    else:
        assert (response["status"], response["requests"][0]["code"]) == ("failed", "DeletionFailed")
        assert response["requests"][0]["message"] == (
            f"the deletion ended in {error['Error']}; 3 of the request's contacts are still there"
        )


def test_without_a_look_up_an_error_that_may_hide_jobs_leaves_it_unknown(world: World) -> None:
    world.change_settings(contact_verification="never")

    response = followed(world, contacts(world, 1), {"Error": "States.Timeout"})

    assert (response["status"], response["requests"][0]["code"]) == ("unknown", "OutcomeUnknown")
