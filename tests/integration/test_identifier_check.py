"""Whether a contact has an identifier, and whether it is its last, for a workflow that removes one."""

from typing import Any

import pytest

from contact_deletion.errors import ContactNotFound, InvalidRequest, SendGridUnavailable
from local.sendgrid_double import Fault
from tests.support.events import contact_id, remove_identifier
from tests.support.world import World

IDENTIFIERS = {
    "EMAIL": ("email", "ada@example.com"),
    "PHONENUMBERID": ("phone_number_id", "+15555550142"),
    "EXTERNALID": ("external_id", "customer 7"),
    "ANONYMOUSID": ("anonymous_id", "visitor-7"),
}


@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_an_identifier_is_present_and_perhaps_the_last(world: World, kind: str) -> None:
    field, value = IDENTIFIERS[kind]
    several, only = world.new_contact(**dict(IDENTIFIERS.values())), world.new_contact(**{field: value})

    responses = [world.identifier_check(remove_identifier(each, kind, value)) for each in (several, only)]

    assert responses == [{"present": True, "last": False}, {"present": True, "last": True}]
    assert [call.method for call in world.double.requests] == ["GET", "GET"], "nothing is deleted"
    assert world.ledger() == []


@pytest.mark.parametrize("held", [{"external_id": "x"}, {"email": "other@example.com"}])
def test_an_identifier_that_the_contact_does_not_have_is_neither(world: World, held: dict[str, str]) -> None:
    contact = world.new_contact(**held)
    response = world.identifier_check(remove_identifier(contact, "EMAIL", "ada@example.com"))
    assert response == {"present": False, "last": False}


@pytest.mark.parametrize(("kind", "asked"), [("EMAIL", "Ada@Example.com"), ("PHONENUMBERID", "15555550142")])
def test_an_identifier_is_recognised_however_it_is_written(world: World, kind: str, asked: str) -> None:
    contact = world.new_contact(**dict(IDENTIFIERS.values()))
    assert world.identifier_check(remove_identifier(contact, kind, asked))["present"]


def test_an_identifier_that_was_removed_is_not_present_any_more(world: World) -> None:
    contact = world.new_contact(**dict(IDENTIFIERS.values()))
    request = remove_identifier(contact, "EMAIL", "ada@example.com", request_id="run-1")
    world.remove_identifier(request)
    assert world.identifier_check(request)["present"]
    world.jobs_end()

    assert world.identifier_check(request) == {"present": False, "last": False}


@pytest.mark.parametrize(
    ("fault", "error", "metric"),
    [
        (Fault(), ContactNotFound, '"code":"ContactNotFound","RequestsRejected":[1.0]'),
        (Fault(status=503), SendGridUnavailable, '"code":"SendGridUnavailable","RequestsDeferred":[1.0]'),
    ],
    ids=["the contact is gone", "an outage"],
)
def test_what_goes_wrong_is_an_error_by_name(
    world: World, capsys: pytest.CaptureFixture[str], fault: Fault, error: type[Exception], metric: str
) -> None:
    world.double.faults.add(fault)
    with pytest.raises(error):
        world.identifier_check(remove_identifier(contact_id(1), "EMAIL", "ada@example.com"))
    assert metric in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [{}, {"contact_id": "planted@example.com"}, {"identifier_type": "PHONE"}, {"surprise": 1}],
    ids=repr,
)
def test_a_payload_that_is_no_removal_is_invalid(world: World, wrong: dict[str, Any]) -> None:
    payload = remove_identifier(contact_id(1), "EMAIL", "ada@example.com") | wrong if wrong else wrong
    with pytest.raises(InvalidRequest):
        world.identifier_check(payload)
    assert world.double.requests == []


def test_nothing_personal_is_logged(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    world.restart()
    contact = world.new_contact(**dict(IDENTIFIERS.values()))
    for kind, (_, value) in IDENTIFIERS.items():
        world.identifier_check(remove_identifier(contact, kind, value, task_token="PLANTEDTOKEN"))
    said = {"errors": [{"message": "ada@example.com is not +15555550142"}]}
    world.double.faults.add(Fault(status=400, body=said))
    for payload in (
        remove_identifier(contact, "EMAIL", "ada@example.com"),
        remove_identifier("ada@example.com", "EMAIL", "ada@example.com"),
    ):
        with pytest.raises(Exception, match=r"HTTP 400|UUID") as raised:
            world.identifier_check(payload)
        assert "ada@" not in str(raised.value)

    everything = world.log.getvalue() + capsys.readouterr().out
    responses = [line["response"] for line in world.log_lines() if line["message"] == "returned"]
    assert responses == [{"present": True, "last": False}] * 4
    personal = ("ada@", "5555550142", "customer 7", "visitor-7", "PLANTEDTOKEN")
    assert [secret for secret in personal if secret in everything] == []
