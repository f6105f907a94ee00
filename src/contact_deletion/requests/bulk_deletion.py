"""A request to delete contacts by their ids."""

from dataclasses import dataclass, field, replace
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation

MAX_CONTACT_IDS = 10_000


@dataclass(frozen=True)
class BulkDelete:
    """A request to delete contacts.

    `contact_ids` are in lower case and in the order given, each once. `retried` is false on the first delivery from a
    queue, and true for a direct invocation, whose caller does not say how often it tried.
    """

    contact_ids: tuple[str, ...]
    request_id: str | None = None
    task_token: str | None = field(default=None, repr=False)
    retried: bool = False

    @property
    def content(self) -> dict[str, Any]:
        return {"contact_ids": sorted(self.contact_ids)}

    def as_retried(self) -> "BulkDelete":
        return replace(self, retried=True)


def parse(payload: object) -> BulkDelete:
    """Raises InvalidRequest."""
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
