"""A request to delete every contact of the account."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation


@dataclass(frozen=True)
class DeleteAll:
    """A request to delete every contact.

    `confirm` is the phrase as it was typed. `requested_at` has an offset. No more than `max_contacts` may be deleted.
    """

    request_id: str
    confirm: str
    requested_at: datetime
    max_contacts: int
    task_token: str | None = field(default=None, repr=False)

    @property
    def content(self) -> dict[str, Any]:
        return {
            "confirm": self.confirm,
            "requested_at": self.requested_at.isoformat(),
            "max_contacts": self.max_contacts,
        }


def parse(payload: object) -> DeleteAll:
    """Raises InvalidRequest."""
    given = validation.require_object(
        payload, required=("request_id", "confirm", "requested_at", "max_contacts")
    )
    if not isinstance(given["confirm"], str):
        raise InvalidRequest("confirm must be text")
    most = given["max_contacts"]
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise InvalidRequest("max_contacts must be a whole number from 1")
    return DeleteAll(
        request_id=validation.required_request_id(given),
        confirm=given["confirm"],
        requested_at=validation.parse_timestamp(given["requested_at"], "requested_at"),
        max_contacts=most,
        task_token=validation.task_token(given),
    )
