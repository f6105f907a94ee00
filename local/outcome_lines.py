"""The lines of a function's log about the outcomes of requests."""

from collections.abc import Iterator
from typing import Any

_IDS = ("request_id", "message_id")


def of_each_request(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a line has of each of its requests. Of several it has only the sum of their contacts, which is left out."""
    if "request_count" not in line:
        yield line
        return
    left_out = ("request_count", "request_ids", "message_ids", "contact_count")
    shared = {name: value for name, value in line.items() if name not in left_out}
    unknown = [None] * line["request_count"]
    for ids in zip(*(line.get(f"{name}s", unknown) for name in _IDS), strict=True):
        yield shared | {name: value for name, value in zip(_IDS, ids, strict=True) if value is not None}
