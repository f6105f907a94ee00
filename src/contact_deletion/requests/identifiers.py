"""The identifiers of contacts."""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from contact_deletion.errors import InvalidRequest

# SendGrid allows 254 characters (Twilio docs: Add or Update a Contact).
_VALUE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,254}")

# One before a phone number. What else begins with plus signs is no number, and stays as it is.
_PLUS_SIGN = re.compile(r"^\+(?=[^+\s])")

# What SendGrid accepts as an address is not documented. Anything else is surely not one.
_ADDRESS = re.compile(r"""[^\s@]+@[^\s@]+|".+"@[^\s@]+""")


class IdentifierType(StrEnum):
    """The values that SendGrid's `identifier_type` can have (Twilio docs: Delete a Contact Identifier)."""

    EMAIL = "EMAIL"
    PHONENUMBERID = "PHONENUMBERID"
    EXTERNALID = "EXTERNALID"
    ANONYMOUSID = "ANONYMOUSID"


# Twilio docs: Get a Contact by ID. One that the contact lacks is absent or empty.
CONTACT_FIELDS = {
    IdentifierType.EMAIL: "email",
    IdentifierType.PHONENUMBERID: "phone_number_id",
    IdentifierType.EXTERNALID: "external_id",
    IdentifierType.ANONYMOUSID: "anonymous_id",
}


def parse_identifier_type(value: object) -> IdentifierType:
    """Raises InvalidRequest."""
    if not isinstance(value, str) or value not in tuple(IdentifierType):
        raise InvalidRequest(f"identifier_type must be one of {', '.join(IdentifierType)}")
    return IdentifierType(value)


def is_value(value: str) -> bool:
    """Whether an identifier can have this value."""
    return _VALUE.fullmatch(value) is not None


def may_exist(identifier_type: IdentifierType, value: str) -> bool:
    """Whether a contact may have this identifier. SendGrid refuses to search for an address that is not one."""
    value = value.strip()
    return is_value(value) and (
        identifier_type is not IdentifierType.EMAIL or _ADDRESS.fullmatch(value) is not None
    )


def canonical(identifier_type: IdentifierType, value: str) -> str:
    """The spelling that represents all spellings of an identifier, and itself.

    SendGrid stores e-mail addresses in lower case, and its samples write phone numbers with and without the plus sign.
    White space around a value is taken to come from where it was copied. Unicode has several forms of one text.
    """
    stripped = unicodedata.normalize("NFC", value.strip())
    if identifier_type is IdentifierType.EMAIL:
        # A letter in lower case may compose with what follows it.
        return unicodedata.normalize("NFC", stripped.lower())
    if identifier_type is IdentifierType.PHONENUMBERID:
        return _PLUS_SIGN.sub("", stripped)
    return stripped


def held_identifiers(contact: Mapping[str, Any]) -> dict[IdentifierType, str]:
    """The identifiers of a contact, as SendGrid's response has it."""
    return {
        kind: value
        for kind, field in CONTACT_FIELDS.items()
        if isinstance(value := contact.get(field), str) and value
    }
