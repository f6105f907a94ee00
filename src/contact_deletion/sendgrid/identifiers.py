"""A contact's identifiers, as SendGrid names them."""

from collections.abc import Mapping
from typing import Any

from contact_deletion.request.remove_identifier import IdentifierType

# Twilio docs: Get a Contact by ID. One that the contact lacks is absent or empty.
CONTACT_FIELDS = {
    IdentifierType.EMAIL: "email",
    IdentifierType.PHONENUMBERID: "phone_number_id",
    IdentifierType.EXTERNALID: "external_id",
    IdentifierType.ANONYMOUSID: "anonymous_id",
}


def held_identifiers(contact: Mapping[str, Any]) -> dict[IdentifierType, str]:
    """The identifiers that a contact has."""
    return {
        kind: value
        for kind, field in CONTACT_FIELDS.items()
        if isinstance(value := contact.get(field), str) and value
    }
