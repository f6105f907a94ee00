"""The end of an identifier's removal: what its contact has, whatever became of the job."""

from typing import Any

import pytest

from contact_deletion.sendgrid.polling import CONSISTENCY_WINDOW_SECONDS
from local.sendgrid_double import Fault
from local.sendgrid_double.jobs import ForcedEnding
from tests.integration.job_status import GOES, JOB_ROUTE, STAYS, ends, status_batch
from tests.integration.operations import deliver
from tests.support.events import remove_identifier
from tests.support.world import World

CONTACT_ROUTE = "/v3/marketing/contacts/{contact_id}"


def remove(
    world: World, *, ending: ForcedEnding | None = None, name: str = "erasure"
) -> tuple[str, dict[str, Any]]:
    """Has an identifier removed; gives the contact, and the batch that DeletionStatusFunction gets of it."""
    contact = world.new_contact(email="ada@example.com", external_id="customer-7")
    if ending:
        world.double.account.force_next_jobs(ending)
    request = remove_identifier(contact, "EMAIL", "ada@example.com", request_id=name)
    assert deliver(world, "remove_identifier", request) == GOES
    return contact, status_batch(*world.status_messages())


def looks(world: World) -> int:
    """How often the contact was looked at after its removal was sent."""
    routes = [(call.method, call.route) for call in world.double.requests]
    return routes.count(("GET", CONTACT_ROUTE)) - 1


def test_a_second_removal_whose_job_fails_is_completed(world: World) -> None:
    contact, first = remove(world)
    world.double.account.remove_identifier(contact, "EMAIL", "ada@example.com")
    one, other = (job.id for job in world.double.account.jobs())
    second = status_batch(first["Records"][0]["body"].replace(one, other))
    world.jobs_end()

    assert world.deletion_status(second) == GOES

    event = ends(world)["erasure"]
    assert (event["kind"], event["operation"], event["code"]) == ("Completed", "remove_identifier", None)
    assert [job.status for job in world.double.account.jobs()] == ["completed", "failed"]


def test_a_contact_that_is_gone_has_lost_its_identifier(world: World) -> None:
    contact, batch = remove(world, ending="failed")
    world.double.account.delete_contacts([contact])
    world.jobs_end()
    assert world.deletion_status(batch) == GOES
    assert ends(world)["erasure"]["kind"] == "Completed"


STILL_HAS = "the contact still has an identifier of this type"


@pytest.mark.parametrize(
    ("verification", "ending", "message", "looked"),
    [
        *(("on-error", word, f"the job ended {word}; {STILL_HAS}", True) for word in ("errored", "failed")),
        ("always", "completed", f"the job completed; {STILL_HAS}", True),
        ("always", None, "", True),
        ("on-error", "completed", "", False),
        ("on-error", None, "", False),
        ("never", "failed", "the job ended failed", False),
    ],
)
def test_the_contact_is_looked_at_where_the_job_leaves_it_in_doubt(
    world: World, verification: str, ending: ForcedEnding | None, message: str, looked: bool
) -> None:
    world.change_settings(contact_verification=verification)
    _, batch = remove(world, ending=ending)
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    event = ends(world)["erasure"]
    expected = ("Failed", "DeletionFailed") if message else ("Completed", None)
    assert (event["kind"], event["code"], event["message"]) == (*expected, message)
    assert event["remaining_contacts"] is None
    assert looks(world) == looked


def test_a_contact_is_looked_at_again_while_sendgrid_may_show_it_as_it_was(world: World) -> None:
    _, batch = remove(world)
    accepted_at = world.clock()
    world.double.faults.add(Fault(route=JOB_ROUTE, status=200, body={"status": "failed"}, times=2))
    as_it_was = {"id": world.double.account.contacts()[0].id, "email": "ada@example.com"}
    world.double.faults.add(Fault(method="GET", route=CONTACT_ROUTE, status=200, body=as_it_was))
    world.clock.advance(CONSISTENCY_WINDOW_SECONDS - 60)

    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    assert world.deletion_status(batch) == GOES

    assert world.clock() < accepted_at + CONSISTENCY_WINDOW_SECONDS
    assert ends(world)["erasure"]["kind"] == "Completed"


def test_where_the_look_is_refused_the_outcome_is_unknown(world: World) -> None:
    _, batch = remove(world, ending="failed")
    world.jobs_end()
    world.double.faults.add(Fault(method="GET", route=CONTACT_ROUTE, status=400))

    assert world.deletion_status(batch) == GOES

    event = ends(world)["erasure"]
    assert event["kind"] == "Unknown"
    assert event["message"] == "the job ended failed; SendGrid refused to look up the contact"
    assert event["unchecked_contacts"] is None


def test_an_outage_puts_the_look_off(world: World) -> None:
    removals = [remove(world, ending="failed", name=name) for name in ("one", "two", "three")]
    batch = status_batch(*(record["body"] for _, batch in removals for record in batch["Records"]))
    world.jobs_end()
    before = looks(world)
    world.double.faults.add(Fault(method="GET", route=CONTACT_ROUTE, status=503, times=10))

    response = world.deletion_status(batch)

    assert len(response["batchItemFailures"]) == 3
    assert looks(world) == before + 2
    assert world.outcome_events() == []
