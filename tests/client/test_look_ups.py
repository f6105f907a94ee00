import json
from typing import Any

import pytest

from contact_deletion.errors import ContactNotFound, SendGridRefused, SendGridUnavailable
from contact_deletion.requests.backups import ContactSource
from contact_deletion.sendgrid.exports import PART_MEGABYTES
from contact_deletion.sendgrid.jobs import UNKNOWN, Job
from local.sendgrid_double import ExportFlaw, Fault
from tests.client.support import EMAIL, Api
from tests.support.events import contact_id
from tests.support.world import World

WANTED = "0123abcd-0000-4000-8000-00000000000f"
PAGE = "<html></html>"


def answer(world: World, body: object, status: int = 200) -> None:
    """SendGrid's next."""
    world.double.faults.add(Fault(status=status, body=body))


def contact(api: Api, contact_id: str) -> dict[str, Any]:
    return api.client.contact(contact_id, api.deadline)


def existing(api: Api, *contact_ids: str) -> frozenset[str]:
    return api.client.existing_contacts(contact_ids, api.deadline)


def test_a_contact_is_as_sendgrid_has_it(api: Api) -> None:
    found = contact(api, api.contact)
    assert (found["id"], found["email"], found["external_id"]) == (api.contact, EMAIL, "x")


def test_a_contact_that_sendgrid_does_not_have_is_not_found(world: World, api: Api) -> None:
    with pytest.raises(ContactNotFound, match="no contact with this contact_id"):
        contact(api, contact_id(1))
    answer(world, "", status=404)
    with pytest.raises(ContactNotFound):
        contact(api, contact_id(1))


def test_contact_is_not_missing_because_a_page_says_so(world: World, api: Api) -> None:
    answer(world, PAGE, status=404)
    with pytest.raises(SendGridUnavailable):
        contact(api, api.contact)


def test_a_contact_is_found_in_whatever_case_sendgrid_writes_its_id(world: World, api: Api) -> None:
    answer(world, {"id": WANTED.upper(), "email": EMAIL})
    assert contact(api, WANTED)["email"] == EMAIL


@pytest.mark.parametrize(
    "body",
    [
        *({"id": contact_id(2), "email": EMAIL}, {"email": EMAIL}, {"id": None}, {"id": [contact_id(1)]}),
        *({"result": {"id": contact_id(1)}}, [{"id": contact_id(1)}], {}, PAGE),
    ],
    ids=repr,
)
def test_something_else_than_the_contact_is_an_outage(world: World, api: Api, body: object) -> None:
    answer(world, body)
    with pytest.raises(SendGridUnavailable, match="not the contact") as raised:
        contact(api, contact_id(1))
    assert "jane" not in raised.value.message


@pytest.mark.parametrize(
    "body",
    [
        *({"contact_count": count} for count in (None, True, -1, 1.5, "four", [4], {"contact_count": 4})),
        *({}, [], PAGE, {"billable_count": 4}),
    ],
    ids=repr,
)
def test_an_answer_without_a_count_is_an_outage(world: World, api: Api, body: object) -> None:
    answer(world, body)
    with pytest.raises(SendGridUnavailable, match="has no count"):
        api.contact_count()


def test_a_job_is_as_sendgrid_reports_it(world: World, api: Api) -> None:
    job_id = api.client.delete_contacts([world.new_contact() for _ in range(3)])
    assert api.client.job(job_id) == Job(job_id, "pending", requested_count=3)
    world.clock.advance(30)
    assert api.client.job(job_id) == Job(
        job_id, "completed", requested_count=3, deleted_count=3, finished_at=world.clock()
    )


@pytest.mark.parametrize("status", [400, 404, 406, 451])
def test_a_job_that_sendgrid_refuses_to_tell_of_is_unknown(world: World, api: Api, status: int) -> None:
    world.double.faults.add(Fault(status=status))
    assert api.client.job("some-job") == Job("some-job", UNKNOWN)


def test_page_of_the_edge_does_not_disown_a_job(world: World, api: Api) -> None:
    answer(world, PAGE, status=404)
    with pytest.raises(SendGridUnavailable, match="HTTP 404"):
        api.client.job("some-job")


def test_of_some_contacts_those_are_known_that_there_are(world: World, api: Api) -> None:
    there = [world.new_contact() for _ in range(98)]
    assert existing(api, contact_id(1), *there, contact_id(2)) == set(there)


def test_sample_is_of_the_contacts_that_there_are(world: World, api: Api) -> None:
    there = {api.contact, world.new_contact(), world.new_contact()}
    assert api.client.sampled_contacts(api.deadline) == there


LARGE = {"id": WANTED, "custom_fields": {"notes": "x" * 2_000_000}}


@pytest.mark.parametrize(
    ("found", "existing_ids"),
    [
        pytest.param([{"id": WANTED.upper()}], {WANTED}, id="in whatever case SendGrid writes the ids"),
        pytest.param([{"id": contact_id(2)}, {}, {"id": None}], set(), id="not those without a request"),
        pytest.param([], set(), id="none"),
        pytest.param([LARGE], {WANTED}, id="as large as a hundred are, more than any other answer may be"),
    ],
)
def test_the_contacts_of_a_look_up_are_those_that_were_asked_for(
    world: World, api: Api, found: list[Any], existing_ids: set[str]
) -> None:
    answer(world, {"result": found})
    assert existing(api, WANTED) == existing_ids


def test_a_404_says_that_none_of_the_contacts_is_there(world: World, api: Api) -> None:
    world.double.faults.add(Fault(status=404))
    assert existing(api, api.contact) == frozenset()


@pytest.mark.parametrize("body", [PAGE, "", {"message": "Not Found"}], ids=repr)
def test_404_that_is_not_sendgrids_does_not_say_that_contacts_are_gone(
    world: World, api: Api, body: object
) -> None:
    answer(world, body, status=404)
    with pytest.raises(SendGridUnavailable):
        existing(api, api.contact)


def test_an_export_is_of_all_contacts_in_parts_that_can_be_copied_in_time(world: World, api: Api) -> None:
    export_id = api.client.start_export(ContactSource(), api.deadline)
    (request,) = world.double.requests
    assert json.loads(request.body) == {"file_type": "csv", "max_file_size": PART_MEGABYTES}
    assert [export.id for export in world.double.account.exports.all()] == [api.export, export_id]


def test_an_export_is_pending_and_then_ready_with_its_links(world: World, api: Api) -> None:
    for _ in range(4):
        world.new_contact()
    world.double.settings.change(export_part_contacts=2)
    export_id = api.client.start_export(ContactSource(), api.deadline)
    pending = api.client.export(export_id, api.deadline)
    world.clock.advance(30)
    ready = api.client.export(export_id, api.deadline)
    assert (pending.ready, pending.failed, pending.urls) == (False, False, ())
    assert (ready.ready, ready.failed, len(ready.urls), ready.contact_count) == (True, False, 3, 5)
    assert ready.expires_at is not None


def test_an_export_that_failed_says_why(world: World, api: Api) -> None:
    flaw = ExportFlaw(status="failure", message="too many for jane@example.com")
    world.double.account.exports.spoil_next(flaw)
    export_id = api.client.start_export(ContactSource(), api.deadline)
    world.clock.advance(30)
    failed = api.client.export(export_id, api.deadline)
    assert (failed.ready, failed.failed, failed.message) == (False, True, "too many for ***")


def test_an_export_that_sendgrid_does_not_know_is_refused(api: Api) -> None:
    with pytest.raises(SendGridRefused) as raised:
        api.client.export("no-such-export", api.deadline)
    assert raised.value.status == 404
