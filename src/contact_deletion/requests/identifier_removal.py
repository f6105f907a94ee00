"""A request to remove one identifier from a contact, and the identifiers of contacts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation

# SendGrid allows 254 characters (Twilio docs: Add or Update a Contact).
_VALUE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,254}")


class IdentifierType(StrEnum):
    """The values that SendGrid's `identifier_type` can have (Twilio docs: Delete a Contact Identifier)."""

    EMAIL = "EMAIL"
    PHONENUMBERID = "PHONENUMBERID"
    EXTERNALID = "EXTERNALID"
    ANONYMOUSID = "ANONYMOUSID"


@dataclass(frozen=True)
class RemoveIdentifier:
    """A request to remove one identifier.

    `contact_id` is in lower case; `identifier_value` is as given. All spellings of a value have the same content.
    """

    contact_id: str
    identifier_type: IdentifierType
    identifier_value: str = field(repr=False)
    request_id: str | None = None
    task_token: str | None = field(default=None, repr=False)

    @property
    def content(self) -> dict[str, Any]:
        return {
            "contact_id": self.contact_id,
            "identifier_type": self.identifier_type,
            "identifier_value": canonical(self.identifier_type, self.identifier_value),
        }


def canonical(identifier_type: IdentifierType, value: str) -> str:
    """The spelling that represents all spellings of an identifier.

    SendGrid stores e-mail addresses in lower case, and its samples write phone numbers with and without the plus sign.
    White space around a value is taken to come from where it was copied.
    """
    stripped = value.strip()
    if identifier_type is IdentifierType.EMAIL:
        return stripped.lower()
    if identifier_type is IdentifierType.PHONENUMBERID:
        return stripped.removeprefix("+")
    return stripped


def parse(payload: object) -> RemoveIdentifier:
    """Raises InvalidRequest."""
    given = validation.require_object(payload, required=("contact_id", "identifier_type", "identifier_value"))
    value = given["identifier_value"]
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise InvalidRequest(
            "identifier_value must be text of 1 to 254 characters, none of them a control character"
        )
    return RemoveIdentifier(
        contact_id=validation.contact_id(given["contact_id"], "contact_id"),
        identifier_type=parse_identifier_type(given["identifier_type"]),
        identifier_value=value,
        request_id=validation.request_id(given),
        task_token=validation.task_token(given),
    )


def parse_identifier_type(value: object) -> IdentifierType:
    """Raises InvalidRequest."""
    if not isinstance(value, str) or value not in tuple(IdentifierType):
        raise InvalidRequest(f"identifier_type must be one of {', '.join(IdentifierType)}")
    return IdentifierType(value)


# Twilio docs: Get a Contact by ID. One that the contact lacks is absent or empty.
CONTACT_FIELDS = {
    IdentifierType.EMAIL: "email",
    IdentifierType.PHONENUMBERID: "phone_number_id",
    IdentifierType.EXTERNALID: "external_id",
    IdentifierType.ANONYMOUSID: "anonymous_id",
}


def held_identifiers(contact: Mapping[str, Any]) -> dict[IdentifierType, str]:
    """The identifiers of a contact, as SendGrid's response has it."""
    return {
        kind: value
        for kind, field in CONTACT_FIELDS.items()
        if isinstance(value := contact.get(field), str) and value
    }
