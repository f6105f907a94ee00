"""A contact and the identifiers it is known by."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

IdentifierType = Literal["EMAIL", "PHONENUMBERID", "EXTERNALID", "ANONYMOUSID"]

IDENTIFIER_FIELDS: dict[IdentifierType, str] = {
    "EMAIL": "email",
    "PHONENUMBERID": "phone_number_id",
    "EXTERNALID": "external_id",
    "ANONYMOUSID": "anonymous_id",
}

_ADDRESS_LINES = ["", "12 Mill Lane, Flat 3", 'The "Old" Forge', "Box 7\nNorth Gate"]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def is_contact_id(text: str) -> bool:
    """Whether the text has the form of a contact id; every id observed was a UUID."""
    return _UUID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact. An identifier it does not have is the empty string. Times are seconds since the epoch."""

    id: str
    created_at: float
    updated_at: float
    email: str = ""
    phone_number_id: str = ""
    external_id: str = ""
    anonymous_id: str = ""

    @property
    def identifiers(self) -> dict[IdentifierType, str]:
        """The identifiers the contact has, by type."""
        values = {kind: getattr(self, field) for kind, field in IDENTIFIER_FIELDS.items()}
        return {kind: value for kind, value in values.items() if value}

    @property
    def address_line_1(self) -> str:
        """Made up from the id, so that an export has everything that CSV has to quote."""
        return _ADDRESS_LINES[int(self.id[-1], 16) % len(_ADDRESS_LINES)]

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
        kind: sum(1 for contact in contacts if getattr(contact, field))
        for kind, field in IDENTIFIER_FIELDS.items()
    }
    return ContactCount(len(contacts), billable, with_identifier)
