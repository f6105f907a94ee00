"""Removal of an identifier, through its handler."""

import json
from typing import Any

import pytest

from contact_deletion.errors import (
    ContactNotFound,
    InvalidRequest,
    LastIdentifier,
    RateLimited,
    SendGridUnavailable,
)
from local.sendgrid_double import Fault, RateLimit
from tests.support.events import contact_id, remove_identifier, sqs_event
from tests.support.world import World

QUEUE = "RemoveIdentifierQueue"
IDENTIFIERS = {
    "EMAIL": ("email", "ada@example.com"),
    "PHONENUMBERID": ("phone_number_id", "+15555550100"),
    "EXTERNALID": ("external_id", "customer 7"),
    "ANONYMOUSID": ("anonymous_id", "visitor-7"),
}


def contact_with_all(world: World) -> str:
    return world.new_contact(**dict(IDENTIFIERS.values()))


def sent_values(world: World) -> list[str]:
    return [json.loads(call.body)["identifier_value"] for call in world.deletions()]


@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_an_identifier_of_each_type_is_removed_and_the_others_stay(world: World, kind: str) -> None:
    field, value = IDENTIFIERS[kind]
    contact = contact_with_all(world)

    answer = world.remove_identifier(remove_identifier(contact, kind, value))

    (job,) = world.double.account.jobs()
    assert (answer["status"], answer["job_ids"], answer["contact_count"]) == ("accepted", [job.id], 1)
    world.jobs_end()
    left = world.double.account.contact(contact)
    assert left is not None
    assert {name: getattr(left, name) for name, _ in IDENTIFIERS.values()} == {
        name: "" if name == field else identifier for name, identifier in IDENTIFIERS.values()
    }


@pytest.mark.parametrize("kind", ["email", "PHONE", "", None, 1, ["EMAIL"], {"type": "EMAIL"}])
def test_a_type_that_is_none_of_the_four_is_invalid(world: World, kind: Any) -> None:
    with pytest.raises(InvalidRequest, match="EMAIL, PHONENUMBERID, EXTERNALID, ANONYMOUSID"):
        world.remove_identifier(remove_identifier(contact_with_all(world), kind, "x"))

    assert world.double.requests == []


@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_the_last_identifier_is_refused_before_sendgrid_fails_it(world: World, kind: str) -> None:
    field, value = IDENTIFIERS[kind]
    contact = world.new_contact(**{field: value})

    with pytest.raises(LastIdentifier):
        world.remove_identifier(remove_identifier(contact, kind, value))

    assert world.deletions() == []


def test_a_contact_that_does_not_exist_is_an_error(world: World) -> None:
    with pytest.raises(ContactNotFound):
        world.remove_identifier(remove_identifier(contact_id(1), "EMAIL", "ada@example.com"))


@pytest.mark.parametrize(
    "identifiers", [{"external_id": "7"}, {"external_id": "7", "email": "new@example.com"}]
)
def test_an_identifier_that_is_gone_already_is_nothing_to_do(
    world: World, identifiers: dict[str, str]
) -> None:
    contact = world.new_contact(**identifiers)

    answer = world.remove_identifier(remove_identifier(contact, "EMAIL", "ada@example.com"))

    assert (answer["status"], answer["job_ids"], answer["contact_count"]) == ("accepted", [], 0)
    assert "nothing to do" in answer["note"]
    assert world.deletions() == []


def test_nothing_to_do_is_remembered_like_any_answer(world: World) -> None:
    request = remove_identifier(world.new_contact(external_id="7"), "EMAIL", "ada@example.com")
    first = world.remove_identifier(request)

    assert world.remove_identifier(request) == first | {"replayed": True}


@pytest.mark.parametrize(
    ("kind", "held", "asked"),
    [
        ("EMAIL", "ada@example.com", "Ada@Example.com"),
        ("PHONENUMBERID", "+15555550100", "15555550100"),
        ("PHONENUMBERID", "15555550100", "+15555550100"),
    ],
)
def test_what_is_sent_is_the_value_as_the_contact_has_it(
    world: World, kind: str, held: str, asked: str
) -> None:
    contact = world.new_contact(external_id="7", **{IDENTIFIERS[kind][0]: held})

    world.remove_identifier(remove_identifier(contact, kind, asked))

    assert sent_values(world) == [held]


def test_an_external_id_is_told_from_another_by_its_case(world: World) -> None:
    contact = world.new_contact(external_id="Customer", email="ada@example.com")

    answer = world.remove_identifier(remove_identifier(contact, "EXTERNALID", "customer"))

    assert "nothing to do" in answer["note"]


def test_every_message_of_a_batch_has_its_own_outcome(world: World) -> None:
    good, lonely = contact_with_all(world), world.new_contact(email="only@example.com")
    world.change_settings(dead_letter_queue_url=world.queue_url("RemoveIdentifierDeadLetterQueue"))

    response = world.remove_identifier(
        sqs_event(
            remove_identifier(good, "EMAIL", "ada@example.com"),
            remove_identifier(lonely, "EMAIL", "only@example.com"),
            remove_identifier(contact_id(1), "EMAIL", "ada@example.com"),
            {"contact_id": good},
            queue=QUEUE,
        )
    )

    assert response == {"batchItemFailures": []}
    letters = world.dead_letters("RemoveIdentifierDeadLetterQueue")
    assert sorted(letter["ErrorCode"] for letter in letters) == [
        "ContactNotFound",
        "InvalidRequest",
        "LastIdentifier",
    ]
    assert len(world.deletions()) == 1


def test_after_an_outage_the_rest_of_the_batch_is_not_tried(world: World) -> None:
    contacts = [contact_with_all(world) for _ in range(5)]
    world.double.faults.add(Fault(status=500, times=10))

    response = world.remove_identifier(
        sqs_event(
            *(remove_identifier(contact, "EMAIL", "ada@example.com") for contact in contacts), queue=QUEUE
        )
    )

    assert len(response["batchItemFailures"]) == 5
    assert len(world.double.requests) == 1
    assert world.ledger() == []


def test_a_deferred_removal_can_be_done_at_the_next_delivery(world: World) -> None:
    request = remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com")
    world.double.faults.add(Fault(method="DELETE", status=503))
    with pytest.raises(SendGridUnavailable):
        world.remove_identifier(request)

    assert world.remove_identifier(request)["status"] == "accepted"


def test_the_rate_limits_of_lookups_and_removals_are_kept(world: World) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=2, window_seconds=5))
    contacts = [contact_with_all(world) for _ in range(5)]

    for contact in contacts:
        world.remove_identifier(remove_identifier(contact, "EMAIL", "ada@example.com"))

    assert {call.status for call in world.double.requests} == {200, 202}


def test_a_spent_limit_defers_when_there_is_no_time_to_wait(world: World) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=600))
    world.remove_identifier(remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com"))

    with pytest.raises(RateLimited):
        world.remove_identifier(remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com"))
