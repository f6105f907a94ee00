"""A request to delete contacts, by their IDs or by identifiers of theirs."""

from dataclasses import dataclass, field, replace
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation
from contact_deletion.requests.identifiers import (
    IdentifierType,
    canonical,
    may_exist,
    parse_identifier_type,
)

MAX_CONTACT_IDS = 10_000
MAX_IDENTIFIERS = 1_000


@dataclass(frozen=True)
class Identifiers:
    """Identifiers of one type, in the order given, which results refer to.

    Some of the `values` may be invalid, but not all. A contact that has an address only as an alternate one is meant
    where the request says to `match_alternate_emails`.
    """

    identifier_type: IdentifierType
    values: tuple[str, ...] = field(repr=False)
    match_alternate_emails: bool = False

    @property
    def content(self) -> dict[str, Any]:
        return {
            "identifier_type": self.identifier_type,
            "identifier_values": [canonical(self.identifier_type, value) for value in self.values],
            "match_alternate_emails": self.match_alternate_emails,
        }


@dataclass(frozen=True)
class BulkDelete:
    """A request to delete contacts.

    `contact_ids` are in lower case and in the order given, each once. A request by `identifiers` has none until its
    contacts are looked up. `retried` is false on the first delivery from a queue, and true for a direct invocation,
    whose caller does not say how often it tried.
    """

    contact_ids: tuple[str, ...] = ()
    request_id: str | None = None
    task_token: str | None = field(default=None, repr=False)
    retried: bool = False
    identifiers: Identifiers | None = None

    @property
    def content(self) -> dict[str, Any]:
        if self.identifiers is not None:
            return self.identifiers.content
        return {"contact_ids": sorted(self.contact_ids)}

    def as_retried(self) -> "BulkDelete":
        return replace(self, retried=True)


def parse(payload: object) -> BulkDelete:
    """Raises InvalidRequest."""
    if isinstance(payload, dict) and payload.keys() & {"identifier_type", "identifier_values"}:
        return _by_identifiers(payload)
    given = validation.require_object(payload, required=("contact_ids",))
    ids = given["contact_ids"]
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_CONTACT_IDS:
        raise InvalidRequest(f"contact_ids must be a list of 1 to {MAX_CONTACT_IDS} contact ids")
    return BulkDelete(
        contact_ids=tuple(
            dict.fromkeys(
                validation.contact_id(value, f"contact_ids[{index}]") for index, value in enumerate(ids)
            )
        ),
        request_id=validation.request_id(given),
        task_token=validation.task_token(given),
    )


def _by_identifiers(payload: dict[str, Any]) -> BulkDelete:
    if "contact_ids" in payload:
        raise InvalidRequest("a request has either contact_ids or identifier_values, not both")
    given = validation.require_object(
        payload, required=("identifier_type", "identifier_values"), optional=("match_alternate_emails",)
    )
    identifier_type = parse_identifier_type(given["identifier_type"])
    match_alternate_emails = given.get("match_alternate_emails", False)
    if not isinstance(match_alternate_emails, bool):
        raise InvalidRequest("match_alternate_emails must be true or false")
    if match_alternate_emails and identifier_type is not IdentifierType.EMAIL:
        raise InvalidRequest("match_alternate_emails is for the identifier_type EMAIL only")
    return BulkDelete(
        identifiers=Identifiers(
            identifier_type, _values(given["identifier_values"], identifier_type), match_alternate_emails
        ),
        request_id=validation.request_id(given),
        task_token=validation.task_token(given),
    )


def _values(values: object, identifier_type: IdentifierType) -> tuple[str, ...]:
    """The values, of which single ones may be invalid: a list may have an empty cell."""
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_IDENTIFIERS:
        raise InvalidRequest(f"identifier_values must be a list of 1 to {MAX_IDENTIFIERS} identifiers")
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise InvalidRequest(f"identifier_values[{index}] must be text")
    if not any(may_exist(identifier_type, value) for value in values):
        raise InvalidRequest(f"identifier_values has no valid identifier of the type {identifier_type}")
    return tuple(values)
