"""A contact, and what it is identified by."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

IdentifierType = Literal["EMAIL", "PHONENUMBERID", "EXTERNALID", "ANONYMOUSID"]

IDENTIFIER_FIELDS: dict[IdentifierType, str] = {
    "EMAIL": "email",
    "PHONENUMBERID": "phone_number_id",
    "EXTERNALID": "external_id",
    "ANONYMOUSID": "anonymous_id",
}

DETAIL_FIELDS: dict[str, float] = {
    "first_name": 50,
    "last_name": 50,
    "address_line_1": 100,
    "address_line_2": 100,
    "city": 60,
    "state_province_region": 50,
    "country": 50,
    "postal_code": math.inf,
    "unique_name": math.inf,
    "phone_number": math.inf,
    "whatsapp": math.inf,
    "line": math.inf,
    "facebook": math.inf,
}
"""The other text fields of a contact, each with its documented limit in characters."""

MAX_IDENTIFIER_LENGTH = 254
MAX_ALTERNATE_EMAILS = 5

# Shared by all contacts without details: an account may have a million of them.
_EMPTY: dict[str, Any] = {}

_ADDRESS_LINES = ["", "12 Mill Lane, Flat 3", 'The "Old" Forge', "Box 7\nNorth Gate"]
_MADE_UP_DETAILS = [{"address_line_1": line} for line in _ADDRESS_LINES]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")


def is_uuid(value: object) -> bool:
    """Whether the value is a string in the form of a UUID, as every contact id observed was, and as list ids are."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_email_address(text: str) -> bool:
    """Whether SendGrid would take the text for an address.

    What it takes is not documented. Here an address has one `@`, a domain with a dot, no white space and at most 254
    characters.
    """
    return len(text) <= MAX_IDENTIFIER_LENGTH and _EMAIL.fullmatch(text) is not None


def made_up_details(contact_id: str) -> Mapping[str, str]:
    """Details that follow from the id, so that exports contain everything that CSV has to quote."""
    return _MADE_UP_DETAILS[int(contact_id[-1], 16) % len(_MADE_UP_DETAILS)]


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact. An identifier it does not have is the empty string. Times are seconds since the epoch.

    `details` holds those of `DETAIL_FIELDS` that were given. E-mail addresses are in lower case.
    """

    id: str
    created_at: float
    updated_at: float
    email: str = ""
    phone_number_id: str = ""
    external_id: str = ""
    anonymous_id: str = ""
    alternate_emails: tuple[str, ...] = ()
    list_ids: tuple[str, ...] = ()
    segment_ids: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    custom_fields: Mapping[str, object] = field(default_factory=lambda: _EMPTY)

    @property
    def identifiers(self) -> dict[IdentifierType, str]:
        """The identifiers the contact has, by type."""
        values = {kind: getattr(self, name) for kind, name in IDENTIFIER_FIELDS.items()}
        return {kind: value for kind, value in values.items() if value}

    def can_lose(self, kind: IdentifierType, value: str) -> bool:
        """Whether this is one of its identifiers, and not the last."""
        identifiers = self.identifiers
        return identifiers.get(kind) == (value.lower() if kind == "EMAIL" else value) and len(identifiers) > 1

    def without(self, kind: IdentifierType, updated_at: float) -> "Contact":
        changes: dict[str, Any] = {IDENTIFIER_FIELDS[kind]: "", "updated_at": updated_at}
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class ContactCount:
    """How many contacts there are, how many were ever billed, and how many have each identifier."""

    contacts: int
    billable: int
    with_identifier: dict[IdentifierType, int]


def count_contacts(contacts: Collection[Contact], billable: int) -> ContactCount:
    with_identifier = {
        kind: sum(1 for contact in contacts if getattr(contact, name))
        for kind, name in IDENTIFIER_FIELDS.items()
    }
    return ContactCount(len(contacts), billable, with_identifier)
