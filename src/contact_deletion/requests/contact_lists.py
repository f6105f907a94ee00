"""A request to summarize the results of a list."""

from typing import NamedTuple

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation

# S3's limit.
_MAX_KEY_BYTES = 1024


class ListSummaryRequest(NamedTuple):
    """A request for the summary of a list: the `folder` of its results, and the `key` of its object."""

    folder: str
    key: str


def parse(payload: object) -> ListSummaryRequest:
    """Raises InvalidRequest."""
    given = validation.require_object(payload, required=("folder", "key"))
    key = given["key"]
    if not isinstance(key, str) or not 1 <= len(key.encode(errors="replace")) <= _MAX_KEY_BYTES:
        raise InvalidRequest(f"key must be a text of 1 to {_MAX_KEY_BYTES} bytes")
    return ListSummaryRequest(validation.folder(given["folder"], "folder"), key)
