import json

import pytest

from contact_deletion.deadline import Deadline
from contact_deletion.errors import ContactNotFound, SendGridRefused, SendGridUnavailable
from contact_deletion.sendgrid.exports import PART_MEGABYTES
from contact_deletion.sendgrid.jobs import UNKNOWN, Job
from local.sendgrid_double import ExportFlaw, Fault
from tests.client.support import EMAIL, WholeClient
from tests.support.events import contact_id
from tests.support.world import World


def test_a_contact_is_as_sendgrid_has_it(client: WholeClient, contact: str, deadline: Deadline) -> None:
    found = client.contact(contact, deadline)
    assert found["id"] == contact
    assert found["email"] == EMAIL
    assert found["external_id"] == "x"


def test_a_contact_that_sendgrid_does_not_have_is_not_found(client: WholeClient, deadline: Deadline) -> None:
    with pytest.raises(ContactNotFound, match="no contact with this contact_id"):
        client.contact(contact_id(1), deadline)


def test_404_without_a_body_says_that_there_is_no_such_contact(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    world.double.faults.add(Fault(status=404, body=""))
    with pytest.raises(ContactNotFound):
        client.contact(contact_id(1), deadline)


def test_contact_is_not_missing_because_a_page_says_so(
    world: World, client: WholeClient, contact: str, deadline: Deadline
) -> None:
    world.double.faults.add(Fault(status=404, body="<html></html>"))
    with pytest.raises(SendGridUnavailable):
        client.contact(contact, deadline)


def test_a_contact_is_found_in_whatever_case_sendgrid_writes_its_id(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    wanted = "0123abcd-0000-4000-8000-00000000000f"
    world.double.faults.add(Fault(status=200, body={"id": wanted.upper(), "email": EMAIL}))
    assert client.contact(wanted, deadline)["email"] == EMAIL


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"id": contact_id(2), "email": EMAIL}, id="another contact"),
        pytest.param({"email": EMAIL}, id="no id"),
        pytest.param({"id": None}, id="null id"),
        pytest.param({"id": [contact_id(1)]}, id="a list of ids"),
        pytest.param({"result": {"id": contact_id(1)}}, id="the contact in something"),
        pytest.param([{"id": contact_id(1)}], id="a list"),
        pytest.param({}, id="nothing"),
        pytest.param("<html></html>", id="HTML"),
    ],
)
def test_something_else_than_the_contact_is_an_outage(
    world: World, client: WholeClient, deadline: Deadline, body: object
) -> None:
    world.double.faults.add(Fault(status=200, body=body))
    with pytest.raises(SendGridUnavailable, match="not the contact") as raised:
        client.contact(contact_id(1), deadline)
    assert "jane" not in raised.value.message


@pytest.mark.parametrize("contacts", [0, 1, 3])
def test_the_count_is_that_of_the_contacts(
    world: World, client: WholeClient, deadline: Deadline, contacts: int
) -> None:
    for _ in range(contacts):
        world.new_contact()
    assert client.contact_count(deadline) == contacts


@pytest.mark.parametrize("count", [None, True, -1, 1.5, "four", [4], {"contact_count": 4}], ids=repr)
def test_a_count_that_is_none_is_an_outage(
    world: World, client: WholeClient, deadline: Deadline, count: object
) -> None:
    world.double.faults.add(Fault(status=200, body={"contact_count": count}))
    with pytest.raises(SendGridUnavailable, match="has no count"):
        client.contact_count(deadline)


@pytest.mark.parametrize("body", [{}, [], "<html></html>", {"billable_count": 4}], ids=repr)
def test_an_answer_without_a_count_is_an_outage(
    world: World, client: WholeClient, deadline: Deadline, body: object
) -> None:
    world.double.faults.add(Fault(status=200, body=body))
    with pytest.raises(SendGridUnavailable, match="has no count"):
        client.contact_count(deadline)


# ---------------------------------------------------------------------------------------------- jobs


def test_a_job_is_as_sendgrid_tells_of_it(world: World, client: WholeClient, deadline: Deadline) -> None:
    ids = [world.new_contact() for _ in range(3)]
    job_id = client.delete_contacts(ids)
    assert client.job(job_id, deadline) == Job(job_id, "pending", requested_count=3)
    world.clock.advance(30)
    assert client.job(job_id, deadline) == Job(
        job_id, "completed", requested_count=3, deleted_count=3, finished_at=world.clock()
    )


@pytest.mark.parametrize("status", [400, 404, 406, 451])
def test_a_job_that_sendgrid_refuses_to_tell_of_is_unknown(
    world: World, client: WholeClient, deadline: Deadline, status: int
) -> None:
    world.double.faults.add(Fault(status=status))
    assert client.job("some-job", deadline) == Job("some-job", UNKNOWN)


def test_page_of_the_edge_does_not_disown_a_job(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    world.double.faults.add(Fault(status=404, body="<html></html>"))
    with pytest.raises(SendGridUnavailable, match="HTTP 404"):
        client.job("some-job", deadline)


# ---------------------------------------------------------------------------------------------- contacts by their ids


def test_of_some_contacts_those_are_known_that_there_are(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    there = [world.new_contact() for _ in range(98)]
    assert client.existing_contacts([contact_id(1), *there, contact_id(2)], deadline) == set(there)


def test_contacts_are_known_in_whatever_case_sendgrid_writes_their_ids(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    wanted = "0123abcd-0000-4000-8000-00000000000f"
    world.double.faults.add(Fault(status=200, body={"result": [{"id": wanted.upper()}]}))
    assert client.existing_contacts([wanted], deadline) == {wanted}


def test_contacts_that_nobody_asked_for_are_left_out(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    world.double.faults.add(Fault(status=200, body={"result": [{"id": contact_id(2)}, {}, {"id": None}]}))
    assert client.existing_contacts([contact_id(1)], deadline) == frozenset()


def test_a_404_says_that_none_of_the_contacts_is_there(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    world.double.faults.add(Fault(status=404))
    assert client.existing_contacts([contact_id(1)], deadline) == frozenset()


@pytest.mark.parametrize("body", ["<html></html>", "", {"message": "Not Found"}], ids=repr)
def test_404_that_is_not_sendgrids_does_not_say_that_contacts_are_gone(
    world: World, client: WholeClient, deadline: Deadline, body: object
) -> None:
    world.double.faults.add(Fault(status=404, body=body))
    with pytest.raises(SendGridUnavailable):
        client.existing_contacts([world.new_contact()], deadline)


def test_contacts_may_be_as_large_as_a_hundred_full_ones_are(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    """More than any other answer may be."""
    large = {"id": contact_id(1), "custom_fields": {"notes": "x" * 2_000_000}}
    world.double.faults.add(Fault(status=200, body={"result": [large]}))
    assert client.existing_contacts([contact_id(1)], deadline) == {contact_id(1)}


def test_sample_is_of_the_contacts_that_there_are(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    there = {world.new_contact() for _ in range(3)}
    assert client.sampled_contacts(deadline) == there


# ---------------------------------------------------------------------------------------------- exports


def test_an_export_is_of_all_contacts_in_parts_that_can_be_copied_in_time(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    export_id = client.start_export(deadline)
    (request,) = world.double.requests
    assert json.loads(request.body) == {"file_type": "csv", "max_file_size": PART_MEGABYTES}
    assert [export.id for export in world.double.account.exports.all()] == [export_id]


def test_an_export_is_pending_and_then_ready_with_its_links(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    for _ in range(5):
        world.new_contact()
    world.double.settings.change(export_part_contacts=2)
    export_id = client.start_export(deadline)
    pending = client.export(export_id, deadline)
    world.clock.advance(30)
    ready = client.export(export_id, deadline)
    assert (pending.ready, pending.failed, pending.urls) == (False, False, ())
    assert (ready.ready, ready.failed, len(ready.urls), ready.contact_count) == (True, False, 3, 5)
    assert ready.expires_at is not None


def test_an_export_that_failed_says_why(world: World, client: WholeClient, deadline: Deadline) -> None:
    world.double.account.exports.spoil_next(
        ExportFlaw(status="failure", message="too many for jane@example.com")
    )
    export_id = client.start_export(deadline)
    world.clock.advance(30)
    failed = client.export(export_id, deadline)
    assert (failed.ready, failed.failed, failed.message) == (False, True, "too many for ***")


def test_an_export_that_sendgrid_does_not_know_is_refused(client: WholeClient, deadline: Deadline) -> None:
    with pytest.raises(SendGridRefused) as raised:
        client.export("no-such-export", deadline)
    assert raised.value.status == 404
