"""Removal of an identifier, through its handler."""

import json
from contextlib import suppress
from typing import Any

import pytest
from requests import ConnectTimeout

from contact_deletion.errors import (
    ContactNotFound,
    InvalidRequest,
    LastIdentifier,
    RateLimited,
    RequestInProgress,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.sendgrid.polling import CONSISTENCY_WINDOW_SECONDS
from local.sendgrid_double import Fault, RateLimit
from tests.integration.job_status import GOES, STAYS
from tests.integration.operations import deliver
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
    world.double.faults.add(Fault(method="DELETE", status=403))
    with pytest.raises(SendGridUnauthorized):
        world.remove_identifier(request)

    assert world.remove_identifier(request)["status"] == "accepted"


LOST_ANSWERS = {
    "dropped": {"drop": True},
    "504": {"status": 504},
    "503": {"status": 503},
    "unusable job ID": {"status": 202, "body": {"job_id": {}}},
}


@pytest.mark.parametrize("lost", LOST_ANSWERS.values(), ids=LOST_ANSWERS)
def test_a_removal_whose_answer_was_lost_is_not_sent_again(world: World, lost: dict[str, Any]) -> None:
    """SendGrid processes it only after half a minute. A second removal would be accepted too, and its job fail."""
    contact = contact_with_all(world)
    message = remove_identifier(contact, "EMAIL", "ada@example.com")
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
    request = remove_identifier(contact, "EMAIL", "ada@example.com")
    request |= {"request_id": request_id} if request_id else {}
    world.double.faults.add(Fault(method="DELETE", drop=True))
    with pytest.raises(SendGridUnavailable):
        world.remove_identifier(request)

    waited = []
    while len(world.deletions()) < 2:
        with suppress(RequestInProgress):
            world.remove_identifier(request)
            break
        world.clock.advance(60)
        waited.append(60)

    assert sum(waited) == CONSISTENCY_WINDOW_SECONDS
    world.jobs_end()
    left = world.double.account.contact(contact)
    assert left is not None
    assert left.email == ""


def test_an_uncertain_removal_is_remembered_through_outages(world: World) -> None:
    """What comes between the removal and the next look at the contact does not forget it."""
    request = remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com")
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
    uncertain = remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com")
    other = remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com")
    world.double.faults.add(Fault(method="DELETE", drop=True, takes_effect=True))
    deliver(world, "remove_identifier", uncertain)

    assert deliver(world, "remove_identifier", uncertain, other) == STAYS

    assert len(world.deletions()) == 2


def test_a_contact_that_was_deleted_after_an_uncertain_removal_has_lost_the_identifier(world: World) -> None:
    contact = contact_with_all(world)
    request = remove_identifier(contact, "EMAIL", "ada@example.com")
    world.double.faults.add(Fault(method="DELETE", drop=True, takes_effect=True))
    with pytest.raises(SendGridUnavailable):
        world.remove_identifier(request)
    world.double.account.delete_contacts([contact])
    world.jobs_end()

    answer = world.remove_identifier(request)

    assert (answer["status"], answer["job_ids"], answer["contact_count"]) == ("accepted", [], 0)


def test_a_removal_that_surely_was_not_sent_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = remove_identifier(contact_with_all(world), "EMAIL", "ada@example.com")
    sending = world.runtime.session.request

    def unreachable(method: str, url: str, **more: Any) -> Any:
        if method == "DELETE":
            raise ConnectTimeout
        return sending(method, url, **more)

    with monkeypatch.context() as down:
        down.setattr(world.runtime.session, "request", unreachable)
        with pytest.raises(SendGridUnavailable):
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

    deliver(
        world,
        "remove_identifier",
        *(remove_identifier(contact, kind, value, **more) for value in [*spellings, held]),
    )

    assert sent_values(world) == [held]
    assert [line["replayed"] for line in world.outcomes()] == [False] + [True] * len(spellings)


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
