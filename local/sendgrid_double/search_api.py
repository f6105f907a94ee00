"""The endpoints that find contacts by what identifies them, below /v3/marketing/contacts/search.

Documented: up to 100 values; empty strings are left out; addresses are compared without regard to case, and are in
lower case in the response; 200 when at least one contact is found, with an error for each value that finds none; 404
when none is found; 400 when an address is invalid. search/emails takes addresses of at most 100 characters, and finds
alternate addresses too.

Undocumented, and decided so: more than 100 values, and another identifier type, are a 400; search/identifiers finds
primary addresses only (alternates are not mentioned there), leaves empty strings out too, and takes any text for a
phone number, an external ID or an anonymous ID, which it compares as it is; no value at all finds nothing: 404. The
errors body is the one of the whole API, though the specification of search/identifiers shows a bare error.
"""

from collections.abc import Callable, Collection
from typing import Any, cast

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from local.sendgrid_double.account import Account
from local.sendgrid_double.bodies import contact_body
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS, Contact, is_email_address
from local.sendgrid_double.responses import errors, json_response
from local.sendgrid_double.search import by_email, by_identifier

MAX_VALUES = 100
MAX_SEARCHED_EMAIL_LENGTH = 100
_TYPES = {field: kind for kind, field in IDENTIFIER_FIELDS.items()}

_Find = Callable[[list[Contact], Collection[str]], dict[str, Contact]]


def search_api(prefix: str) -> Blueprint:
    """The endpoints, below `prefix`; they work on `flask.g.account`."""
    routes = Blueprint("search", __name__, url_prefix=f"{prefix}/search")

    @routes.post("/emails")
    def search_emails() -> Response:
        return _search("emails", by_email, _is_searched_email, str.lower)

    @routes.post("/identifiers/<identifier_type>")
    def search_identifiers(identifier_type: str) -> Response:
        kind = _TYPES.get(identifier_type)
        if kind is None:
            return errors(400, f"should be one of {', '.join(_TYPES)}", "identifier_type")

        def find(contacts: list[Contact], values: Collection[str]) -> dict[str, Contact]:
            return by_identifier(contacts, kind, values)

        if kind == "EMAIL":
            return _search("identifiers", find, is_email_address, str.lower)
        return _search("identifiers", find, lambda _: True, str)

    return routes


def _search(
    field: str, find: _Find, is_valid: Callable[[str], bool], normalize: Callable[[str], str]
) -> Response:
    values = _values(request.get_json(silent=True), field)
    if values is None:
        return errors(400, f"should be a list of at most {MAX_VALUES} strings", field)
    if not all(map(is_valid, values)):
        return errors(400, "should hold valid addresses only", field)
    wanted = list(dict.fromkeys(map(normalize, values)))
    found = find(cast(Account, g.account).read_contacts(), wanted)
    if not found:
        return errors(404, "no contacts found")
    return json_response(200, {"result": {value: _entry(found.get(value)) for value in wanted}})


def _values(body: Any, field: str) -> list[str] | None:
    """The values that are not empty; None for a body that is not as documented."""
    values = body.get(field) if isinstance(body, dict) else None
    if not isinstance(values, list) or len(values) > MAX_VALUES:
        return None
    return [value for value in values if value] if all(isinstance(value, str) for value in values) else None


def _entry(contact: Contact | None) -> dict[str, object]:
    return {"contact": contact_body(contact)} if contact else {"error": "contact not found"}


def _is_searched_email(text: str) -> bool:
    return len(text) <= MAX_SEARCHED_EMAIL_LENGTH and is_email_address(text)
