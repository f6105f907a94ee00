"""What a message's event and dead letter say of it."""

from typing import Any

import pytest

from local.smoke import endings
from local.smoke.dead_letters import DeadLetter
from local.smoke.failures import CheckFailed

INVALID = DeadLetter("InvalidRequest", "missing field: contact_ids")
INVALID_ID = DeadLetter("SendGridRefused", "SendGrid responded with HTTP 400: invalid id")
UNAVAILABLE = DeadLetter("SendGridRefused", "SendGrid responded with HTTP 451")
UNKNOWN = DeadLetter("SendGridRefused", "SendGrid responded with HTTP 404")


def event(kind: str, letter: DeadLetter | None = None) -> dict[str, Any]:
    code, message = letter or (None, "")
    return {"detail-type": f"Contact Deletion {kind}", "detail": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("found", "letter", "has_bus", "is_seen"),
    [
        (None, None, True, False),
        (event("Rejected", INVALID), None, True, False),
        (None, INVALID, True, False),
        (event("Rejected", INVALID), INVALID, True, True),
        (None, None, False, False),
        (None, INVALID, False, True),
    ],
)
def test_rejection_is_seen_as_dead_letter_and_as_event_if_there_is_a_bus(
    found: dict[str, Any] | None, letter: DeadLetter | None, has_bus: bool, is_seen: bool
) -> None:
    seen = endings.of_rejection("InvalidRequest", found, letter, has_bus=has_bus)
    assert bool(seen) is is_seen is (seen is not None)


@pytest.mark.parametrize(
    ("found", "letter", "seen"),
    [
        (event("Completed"), None, "Contact Deletion Completed instead of a rejection"),
        (None, UNKNOWN, "SendGridRefused: SendGrid responded with HTTP 404"),
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
        (event("Rejected", INVALID_ID), INVALID_ID),
    ],
)
def test_every_response_to_an_unknown_contact_is_fine(
    found: dict[str, Any], letter: DeadLetter | None
) -> None:
    assert endings.of_unknown_contact(found, letter)


def test_deletion_of_unknown_contact_is_waited_for() -> None:
    assert endings.of_unknown_contact(None, None) is None
    assert endings.of_unknown_contact(event("Rejected", UNKNOWN), None) is None


@pytest.mark.parametrize(
    ("found", "letter", "reason"),
    [
        (None, UNAVAILABLE, "451"),
        (event("Rejected", UNAVAILABLE), None, "451"),
        (None, INVALID, "InvalidRequest"),
        (None, DeadLetter("", ""), "given up by SQS"),
    ],
)
def test_other_rejection_of_unknown_contact_fails(
    found: dict[str, Any] | None, letter: DeadLetter | None, reason: str
) -> None:
    with pytest.raises(CheckFailed, match=reason):
        endings.of_unknown_contact(found, letter)
