"""A request to remove one identifier from a contact."""

from dataclasses import dataclass, field
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation
from contact_deletion.requests.identifiers import (
    IdentifierType,
    canonical,
    is_value,
    parse_identifier_type,
)


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


def parse(payload: object) -> RemoveIdentifier:
    """Raises InvalidRequest."""
    given = validation.require_object(payload, required=("contact_id", "identifier_type", "identifier_value"))
    value = given["identifier_value"]
    if not isinstance(value, str) or not is_value(value):
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
