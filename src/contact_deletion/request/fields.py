"""Checks of a request's fields; each error names the field and what was expected, never the value."""

import re
from collections.abc import Collection
from typing import Any

from contact_deletion.errors import InvalidRequest

_ENVELOPE = ("request_id", "task_token")
"""Optional in every request."""

_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_REQUEST_ID = re.compile("[A-Za-z0-9_.:-]{1,128}")
_TASK_TOKEN = re.compile("[!-~]{1,2048}")
_FIELD_NAME = re.compile("[A-Za-z][A-Za-z_]{0,63}")


def object_of(payload: object, *, required: Collection[str]) -> dict[str, Any]:
    """The payload as an object that has all of `required`, and besides them only the envelope's fields."""
    if not isinstance(payload, dict):
        raise InvalidRequest("the request must be a JSON object")
    unknown = payload.keys() - set(required) - set(_ENVELOPE)
    if unknown:
        names = sorted({name if _FIELD_NAME.fullmatch(name) else "(not a plain name)" for name in unknown})
        raise InvalidRequest(f"unknown field: {', '.join(names[:5])}")
    for name in required:
        if name not in payload:
            raise InvalidRequest(f"missing field: {name}")
    return payload


def required_request_id(fields: dict[str, Any]) -> str:
    return _matching(fields, "request_id", _REQUEST_ID, "1 to 128 of A-Z a-z 0-9 . _ : -")


def request_id(fields: dict[str, Any]) -> str | None:
    return required_request_id(fields) if "request_id" in fields else None


def task_token(fields: dict[str, Any]) -> str | None:
    if "task_token" not in fields:
        return None
    return _matching(fields, "task_token", _TASK_TOKEN, "a Step Functions task token")


def contact_id(value: object, name: str) -> str:
    """A contact id in lower case: every id that SendGrid was seen to give out is a lower-case UUID."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise InvalidRequest(f"{name} must be a contact id in UUID form")
    return value.lower()


def _matching(fields: dict[str, Any], name: str, pattern: re.Pattern[str], expected: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidRequest(f"{name} must be {expected}")
    return value
