"""Whether a contact has an identifier, and whether it is its last, for a workflow that removes one."""

from typing import Any

import pytest

from contact_deletion.errors import ContactNotFound, InvalidRequest, SendGridUnavailable
from contact_deletion.handlers import identifier_check as handler_module
from local.sendgrid_double import Fault
from tests.support.events import contact_id, remove_identifier
from tests.support.world import World

IDENTIFIERS = {
    "EMAIL": ("email", "ada@example.com"),
    "PHONENUMBERID": ("phone_number_id", "+15555550142"),
    "EXTERNALID": ("external_id", "customer 7"),
    "ANONYMOUSID": ("anonymous_id", "visitor-7"),
}
each_kind = pytest.mark.parametrize("kind", IDENTIFIERS)


@each_kind
def test_one_of_several_identifiers_is_present_and_not_the_last(world: World, kind: str) -> None:
    contact = world.new_contact(**dict(IDENTIFIERS.values()))

    answer = world.identifier_check(remove_identifier(contact, kind, IDENTIFIERS[kind][1]))

    assert answer == {"present": True, "last": False}


@each_kind
def test_an_only_identifier_is_present_and_the_last(world: World, kind: str) -> None:
    field, value = IDENTIFIERS[kind]
    contact = world.new_contact(**{field: value})

    assert world.identifier_check(remove_identifier(contact, kind, value)) == {"present": True, "last": True}


@pytest.mark.parametrize("held", [{"external_id": "x"}, {"email": "other@example.com"}])
def test_an_identifier_that_the_contact_does_not_have_is_neither(world: World, held: dict[str, str]) -> None:
    contact = world.new_contact(**held)

    answer = world.identifier_check(remove_identifier(contact, "EMAIL", "ada@example.com"))

    assert answer == {"present": False, "last": False}


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


def test_nothing_is_deleted_by_a_check(world: World) -> None:
    contact = world.new_contact(email="ada@example.com")

    world.identifier_check(remove_identifier(contact, "EMAIL", "ada@example.com"))

    assert [call.method for call in world.double.requests] == ["GET"]
    assert world.ledger() == []


def test_a_contact_that_is_gone_is_an_error_by_name(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ContactNotFound):
        world.identifier_check(remove_identifier(contact_id(1), "EMAIL", "ada@example.com"))

    assert '"code":"ContactNotFound","RequestsRejected":[1.0]' in capsys.readouterr().out


def test_an_outage_is_an_error_by_name(world: World) -> None:
    world.double.faults.add(Fault(status=503))

    with pytest.raises(SendGridUnavailable):
        world.identifier_check(remove_identifier(contact_id(1), "EMAIL", "ada@example.com"))


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
    world.double.faults.add(
        Fault(status=400, body={"errors": [{"message": "ada@example.com is not +15555550142"}]})
    )
    for payload in (
        remove_identifier(contact, "EMAIL", "ada@example.com"),
        remove_identifier("ada@example.com", "EMAIL", "ada@example.com"),
    ):
        with pytest.raises(Exception, match=r"HTTP 400|UUID") as raised:
            world.identifier_check(payload)
        assert "ada@" not in str(raised.value)

    everything = world.log.getvalue() + capsys.readouterr().out
    assert [line["answer"]["present"] for line in world.log_lines() if line["message"] == "answered"] == [
        True
    ] * 4
    personal = ("ada@", "5555550142", "customer 7", "visitor-7", "PLANTEDTOKEN")
    assert [secret for secret in personal if secret in everything] == []


def test_the_lambda_handler_is_built_from_the_environment_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.runtime.settings
    monkeypatch.setenv("SENDGRID_BASE_URL", settings.sendgrid_base_url)
    monkeypatch.setenv("SENDGRID_API_KEY_SECRET_ID", settings.api_key_secret_id)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", settings.service)
    handler_module.function.cache_clear()
    request = remove_identifier(world.new_contact(email="ada@example.com"), "EMAIL", "ada@example.com")

    answers = [handler_module.handler(request, world.context) for _ in range(2)]

    assert answers == [{"present": True, "last": True}] * 2
    assert handler_module.function.cache_info().misses == 1
    handler_module.function.cache_clear()
