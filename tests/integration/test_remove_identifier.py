"""Removal of an identifier, through its handler."""

import json
from contextlib import suppress
from typing import Any

import pytest
from requests import ConnectTimeout

from contact_deletion.errors import (
    LastIdentifier,
    RequestInProgress,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.sendgrid.polling import CONSISTENCY_WINDOW_SECONDS
from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, STAYS
from tests.integration.operations import deletions_raise, deliver
from tests.support.events import contact_id, remove_identifier
from tests.support.world import World

IDENTIFIERS = {
    "EMAIL": ("email", "ada@example.com"),
    "PHONENUMBERID": ("phone_number_id", "+15555550100"),
    "EXTERNALID": ("external_id", "customer 7"),
    "ANONYMOUSID": ("anonymous_id", "visitor-7"),
}


def contact_with_all(world: World) -> str:
    return world.new_contact(**dict(IDENTIFIERS.values()))


def erasure(contact: str, **more: Any) -> dict[str, Any]:
    """A request to remove the contact's address."""
    return remove_identifier(contact, "EMAIL", "ada@example.com", **more)


def sent_values(world: World) -> list[str]:
    return [json.loads(call.body)["identifier_value"] for call in world.deletions()]


@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_an_identifier_of_each_type_is_removed_and_the_others_stay(world: World, kind: str) -> None:
    field, value = IDENTIFIERS[kind]
    contact = contact_with_all(world)

    response = world.remove_identifier(remove_identifier(contact, kind, value))

    (job,) = world.double.account.jobs()
    assert (response["status"], response["job_ids"], response["contact_count"]) == ("accepted", [job.id], 1)
    world.jobs_end()
    left = world.double.account.contact(contact)
    assert left is not None
    assert {name: getattr(left, name) for name, _ in IDENTIFIERS.values()} == {
        name: "" if name == field else identifier for name, identifier in IDENTIFIERS.values()
    }


@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_the_last_identifier_is_refused_before_sendgrid_fails_it(world: World, kind: str) -> None:
    field, value = IDENTIFIERS[kind]
    contact = world.new_contact(**{field: value})
    with pytest.raises(LastIdentifier):
        world.remove_identifier(remove_identifier(contact, kind, value))
    assert world.deletions() == []


@pytest.mark.parametrize(
    ("held", "kind", "value"),
    [
        ({"external_id": "7"}, "EMAIL", "ada@example.com"),
        ({"external_id": "7", "email": "new@example.com"}, "EMAIL", "ada@example.com"),
        ({"external_id": "Customer", "email": "ada@example.com"}, "EXTERNALID", "customer"),
    ],
)
def test_an_identifier_that_is_gone_already_is_nothing_to_do(
    world: World, held: dict[str, str], kind: str, value: str
) -> None:
    request = remove_identifier(world.new_contact(**held), kind, value)

    response = world.remove_identifier(request)

    assert (response["status"], response["job_ids"], response["contact_count"]) == ("accepted", [], 0)
    assert "nothing to do" in response["note"]
    assert world.deletions() == []
    assert world.remove_identifier(request) == response | {"replayed": True}


def test_what_is_sent_is_the_value_as_the_contact_has_it(world: World) -> None:
    contact = world.new_contact(external_id="7", phone_number_id="15555550100")
    world.remove_identifier(remove_identifier(contact, "PHONENUMBERID", "+15555550100"))
    assert sent_values(world) == ["15555550100"]


def test_every_message_of_a_batch_has_its_own_outcome(world: World) -> None:
    good, lonely = contact_with_all(world), world.new_contact(email="ada@example.com")
    requests = [erasure(good), erasure(lonely), erasure(contact_id(1)), {"contact_id": good}]

    assert deliver(world, "remove_identifier", *requests) == GOES

    codes = sorted(letter["ErrorCode"] for letter in world.dead_letters())
    assert codes == ["ContactNotFound", "InvalidRequest", "LastIdentifier"]
    assert len(world.deletions()) == 1


def test_after_an_outage_the_rest_of_the_batch_is_not_tried(world: World) -> None:
    requests = [erasure(contact_with_all(world)) for _ in range(5)]
    world.double.faults.add(Fault(status=500, times=10))

    response = deliver(world, "remove_identifier", *requests)

    assert len(response["batchItemFailures"]) == 5
    assert len(world.double.requests) == 1
    assert world.ledger() == []


LOST_ANSWERS: list[dict[str, Any]] = [
    *({"drop": True}, {"status": 504}, {"status": 503}),
    {"status": 202, "body": {"job_id": {}}},
]


@pytest.mark.parametrize("lost", LOST_ANSWERS, ids=str)
def test_a_removal_whose_answer_was_lost_is_not_sent_again(world: World, lost: dict[str, Any]) -> None:
    """SendGrid processes it only after half a minute. A second removal would be accepted too, and its job fail."""
    contact = contact_with_all(world)
    message = erasure(contact)
    world.double.faults.add(Fault(method="DELETE", takes_effect=True, **lost))

    assert deliver(world, "remove_identifier", message) == STAYS
    assert deliver(world, "remove_identifier", message, receive_count=2) == STAYS
    world.jobs_end()
    assert deliver(world, "remove_identifier", message, receive_count=3) == GOES

    assert len(world.deletions()) == 1
    (event,) = world.outcome_events()
    assert (event["kind"], event["job_ids"]) == ("Completed", [])
    assert [line["code"] for line in world.outcomes() if "code" in line] == [
        "SendGridUnavailable",
        "RequestInProgress",
    ]


@pytest.mark.parametrize("request_id", [None, "erasure"])
def test_a_removal_that_never_arrived_is_sent_again_when_sendgrid_has_had_its_time(
    world: World, request_id: str | None
) -> None:
    contact = contact_with_all(world)
    request = erasure(contact)
    request |= {"request_id": request_id} if request_id else {}
    world.double.faults.add(Fault(method="DELETE", drop=True))
    with pytest.raises(SendGridUnavailable):
        world.remove_identifier(request)

    waited = 0
    while len(world.deletions()) < 2:
        with suppress(RequestInProgress):
            world.remove_identifier(request)
            break
        world.clock.advance(60)
        waited += 60

    assert waited == CONSISTENCY_WINDOW_SECONDS
    world.jobs_end()
    left = world.double.account.contact(contact)
    assert left is not None
    assert left.email == ""


def test_an_uncertain_removal_is_remembered_through_outages(world: World) -> None:
    """What comes between the removal and the next look at the contact does not forget it."""
    request = erasure(contact_with_all(world))
    world.double.faults.add(Fault(method="DELETE", drop=True))
    world.double.faults.add(Fault(method="GET"))
    world.double.faults.add(Fault(method="GET", status=503, times=2))
    for _ in range(3):
        with pytest.raises(SendGridUnavailable):
            world.remove_identifier(request)

    with pytest.raises(RequestInProgress) as waits:
        world.remove_identifier(request)

    assert waits.value.retry_after == 30
    world.clock.advance(200)
    with pytest.raises(RequestInProgress) as waits_longer:
        world.remove_identifier(request)
    assert waits_longer.value.retry_after == 200
    assert len(world.deletions()) == 1


def test_a_request_that_waits_does_not_hold_up_the_batch(world: World) -> None:
    uncertain = erasure(contact_with_all(world))
    other = erasure(contact_with_all(world))
    world.double.faults.add(Fault(method="DELETE", drop=True, takes_effect=True))
    deliver(world, "remove_identifier", uncertain)

    assert deliver(world, "remove_identifier", uncertain, other) == STAYS

    assert len(world.deletions()) == 2


def test_a_contact_that_was_deleted_after_an_uncertain_removal_has_lost_the_identifier(world: World) -> None:
    contact = contact_with_all(world)
    request = erasure(contact)
    world.double.faults.add(Fault(method="DELETE", drop=True, takes_effect=True))
    with pytest.raises(SendGridUnavailable):
        world.remove_identifier(request)
    world.double.account.delete_contacts([contact])
    world.jobs_end()

    response = world.remove_identifier(request)

    assert (response["status"], response["job_ids"], response["contact_count"]) == ("accepted", [], 0)


@pytest.mark.parametrize("refused", [True, False])
def test_a_removal_that_surely_was_not_done_is_not_waited_for(world: World, refused: bool) -> None:
    request = erasure(contact_with_all(world))
    if refused:
        world.double.faults.add(Fault(method="DELETE", status=403))
        with pytest.raises(SendGridUnauthorized):
            world.remove_identifier(request)
    else:
        with deletions_raise(world, ConnectTimeout), pytest.raises(SendGridUnavailable):
            world.remove_identifier(request)

    assert len(world.remove_identifier(request)["job_ids"]) == 1


SPELLINGS = [
    ("EMAIL", "ada@example.com", ["Ada@Example.COM", " ada@example.com", "ada@example.com\u00a0"]),
    ("PHONENUMBERID", "+15555550100", ["15555550100", " +15555550100 "]),
    ("EXTERNALID", "customer 7", [" customer 7", "customer 7  "]),
    ("ANONYMOUSID", "visitor-7", [" visitor-7 "]),
]


@pytest.mark.parametrize("request_id", [None, "erasure"])
@pytest.mark.parametrize(("kind", "held", "spellings"), SPELLINGS)
def test_spellings_of_an_identifier_are_one_request(
    world: World, kind: str, held: str, spellings: list[str], request_id: str | None
) -> None:
    contact = contact_with_all(world)
    more = {"request_id": request_id} if request_id else {}

    requests = [remove_identifier(contact, kind, value, **more) for value in [*spellings, held]]
    deliver(world, "remove_identifier", *requests)

    assert sent_values(world) == [held]
    assert [line["replayed"] for line in world.outcomes()] == [False] + [True] * len(spellings)
