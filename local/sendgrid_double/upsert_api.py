"""The endpoint that adds and updates contacts: PUT /v3/marketing/contacts.

Documented: at most 30,000 contacts or 6 MB; at least one identifier each; the limits on lengths; 4XX for validation
errors.

Undocumented, and decided so: every refusal is a 400 that names the first wrong field; a megabyte is 1,000,000 bytes; a
field that no contact has and null are refused; an identifier that is an empty string is not given; any text of at most
254 characters is a phone number, any UUID a list, any name and value a custom field.
"""

from typing import Any, cast

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from local.sendgrid_double.account import Account
from local.sendgrid_double.bodies import accepted
from local.sendgrid_double.contacts import (
    DETAIL_FIELDS,
    IDENTIFIER_FIELDS,
    MAX_ALTERNATE_EMAILS,
    MAX_IDENTIFIER_LENGTH,
    is_email_address,
    is_uuid,
)
from local.sendgrid_double.responses import errors
from local.sendgrid_double.upserts import ContactUpsert

MAX_CONTACTS = 30_000
MAX_BYTES = 6_000_000
_TEXT_FIELDS = DETAIL_FIELDS | dict.fromkeys(IDENTIFIER_FIELDS.values(), MAX_IDENTIFIER_LENGTH)
_FIELDS = {*_TEXT_FIELDS, "alternate_emails", "custom_fields"}


class _Invalid(Exception):
    """A body that is refused: the message, and the field that it is about."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def upsert_api(prefix: str) -> Blueprint:
    """The endpoint at `prefix`; it works on `flask.g.account`."""
    routes = Blueprint("upserts", __name__, url_prefix=prefix)

    @routes.put("")
    def upsert_contacts() -> Response:
        if len(request.get_data()) > MAX_BYTES:
            return errors(400, f"should hold at most {MAX_BYTES} bytes")
        try:
            upserts, list_ids = _parse(request.get_json(silent=True))
        except _Invalid as invalid:
            return errors(400, invalid.message, invalid.field)
        return accepted(cast(Account, g.account).upsert_contacts(upserts, list_ids))

    return routes


def _parse(body: Any) -> tuple[list[ContactUpsert], list[str]]:
    if not isinstance(body, dict):
        raise _Invalid("the body should be a JSON object")
    list_ids, contacts = body.get("list_ids", []), body.get("contacts")
    if not isinstance(list_ids, list) or not all(map(is_uuid, list_ids)):
        raise _Invalid("should be a list of UUIDs", "list_ids")
    if not isinstance(contacts, list) or not 1 <= len(contacts) <= MAX_CONTACTS:
        raise _Invalid(f"should be a list of 1 to {MAX_CONTACTS} contacts", "contacts")
    return [_contact(contact, f"contacts[{index}]") for index, contact in enumerate(contacts)], list_ids


def _contact(contact: Any, name: str) -> ContactUpsert:
    if not isinstance(contact, dict):
        raise _Invalid("should be an object", name)
    unknown = sorted(contact.keys() - _FIELDS)
    if unknown:
        raise _Invalid("is no field of a contact", f"{name}.{unknown[0]}")
    texts = {
        field: _text(value, _TEXT_FIELDS[field], f"{name}.{field}")
        for field, value in contact.items()
        if field in _TEXT_FIELDS
    }
    identifiers = {kind: texts.pop(field, "") for kind, field in IDENTIFIER_FIELDS.items()}
    identifiers = {kind: value for kind, value in identifiers.items() if value}
    if not identifiers:
        raise _Invalid(f"should have one of {', '.join(IDENTIFIER_FIELDS.values())}", name)
    if "EMAIL" in identifiers:
        identifiers["EMAIL"] = _email(identifiers["EMAIL"], f"{name}.email")
    custom_fields = contact.get("custom_fields", {})
    if not isinstance(custom_fields, dict):
        raise _Invalid("should be an object", f"{name}.custom_fields")
    alternates = _alternates(contact["alternate_emails"], name) if "alternate_emails" in contact else None
    return ContactUpsert(identifiers, texts, alternates, custom_fields)


def _text(value: Any, most: float, name: str) -> str:
    if not isinstance(value, str):
        raise _Invalid("should be a string", name)
    if len(value) > most:
        raise _Invalid(f"should have at most {most} characters", name)
    return value


def _email(value: Any, name: str) -> str:
    if not isinstance(value, str) or not is_email_address(value):
        raise _Invalid("should be an e-mail address", name)
    return value.lower()


def _alternates(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_ALTERNATE_EMAILS:
        raise _Invalid(
            f"should be a list of at most {MAX_ALTERNATE_EMAILS} addresses", f"{name}.alternate_emails"
        )
    return tuple(_email(address, f"{name}.alternate_emails[{index}]") for index, address in enumerate(value))
