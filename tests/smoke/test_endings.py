"""What a message's event and dead letter say of it."""

from typing import Any

import pytest

from local.smoke import endings
from local.smoke.dead_letters import DeadLetter
from local.smoke.failures import CheckFailed

NO_BUS, BUS = {"has_bus": False}, {"has_bus": True}
INVALID = DeadLetter("InvalidRequest", "missing field: contact_ids")
UNKNOWN = DeadLetter("SendGridRefused", "SendGrid answered HTTP 404")


def event(kind: str, letter: DeadLetter | None = None) -> dict[str, Any]:
    code, message = letter or (None, "")
    return {"detail-type": f"Contact Deletion {kind}", "detail": {"code": code, "message": message}}


def test_rejection_is_seen_as_event_and_dead_letter() -> None:
    assert endings.of_rejection("InvalidRequest", None, None, **BUS) is None
    assert endings.of_rejection("InvalidRequest", event("Rejected", INVALID), None, **BUS) is None
    assert endings.of_rejection("InvalidRequest", None, INVALID, **BUS) is None
    assert endings.of_rejection("InvalidRequest", event("Rejected", INVALID), INVALID, **BUS)


def test_rejection_is_seen_as_dead_letter_where_there_is_no_bus() -> None:
    assert endings.of_rejection("InvalidRequest", None, None, **NO_BUS) is None
    assert endings.of_rejection("InvalidRequest", None, INVALID, **NO_BUS)


@pytest.mark.parametrize(
    ("found", "letter", "seen"),
    [
        (event("Completed"), None, "Contact Deletion Completed instead of a rejection"),
        (None, UNKNOWN, "SendGridRefused: SendGrid answered HTTP 404"),
        (None, DeadLetter("", ""), "given up by SQS"),
        (event("Rejected", UNKNOWN), None, "SendGridRefused"),
    ],
)
def test_other_ending_than_the_expected_rejection_fails(
    found: dict[str, Any] | None, letter: DeadLetter | None, seen: str
) -> None:
    with pytest.raises(CheckFailed, match=seen):
        endings.of_rejection("InvalidRequest", found, letter, has_bus=True)


@pytest.mark.parametrize(
    ("found", "letter"),
    [
        (event("Completed"), None),
        (event("Failed", DeadLetter("DeletionFailed", "the job ended errored")), None),
        (event("Rejected", UNKNOWN), UNKNOWN),
        (
            event("Rejected", DeadLetter("SendGridRefused", "SendGrid answered HTTP 400: invalid id")),
            DeadLetter("SendGridRefused", "SendGrid answered HTTP 400: invalid id"),
        ),
    ],
)
def test_every_response_of_sendgrid_to_an_unknown_contact_is_fine(
    found: dict[str, Any], letter: DeadLetter | None
) -> None:
    assert endings.of_unknown_contact(found, letter)


def test_deletion_of_unknown_contact_is_waited_for() -> None:
    assert endings.of_unknown_contact(None, None) is None
    assert endings.of_unknown_contact(event("Rejected", UNKNOWN), None) is None


@pytest.mark.parametrize(
    "letter",
    [
        DeadLetter("SendGridRefused", "SendGrid answered HTTP 451"),
        DeadLetter("InvalidRequest", "missing field"),
        DeadLetter("", ""),
    ],
)
def test_other_rejection_of_unknown_contact_fails(letter: DeadLetter) -> None:
    with pytest.raises(CheckFailed):
        endings.of_unknown_contact(None, letter)


def test_event_of_other_rejection_of_unknown_contact_fails() -> None:
    refused = DeadLetter("SendGridRefused", "SendGrid answered HTTP 451")

    with pytest.raises(CheckFailed, match="451"):
        endings.of_unknown_contact(event("Rejected", refused), None)
