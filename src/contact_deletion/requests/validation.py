"""Validates the fields of requests. Each error names the field and what was expected, never the value."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeGuard

from contact_deletion.errors import InvalidRequest

# Optional in every request.
_ENVELOPE = ("request_id", "task_token")

_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_REQUEST_ID = re.compile("[A-Za-z0-9_.:-]{1,128}")
_TASK_TOKEN = re.compile("[!-~]{1,2048}")

# SendGrid's ID of a job or an export, which becomes part of a URL. It was a UUID in every response observed, though
# Twilio's specification types that of a job as `object`.
RESOURCE_ID = re.compile("[A-Za-z0-9_-]{1,128}")

_SHA256 = re.compile("[0-9a-f]{64}")

# AWS docs: StartExecution. Without the dots that would lead out of a folder.
_EXECUTION_NAME = re.compile(
    r"""(?!\.\Z|.*\.\.)[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]{1,80}"""
)

# The number of jobs that one status check may name.
MAX_JOB_IDS = 1_000

# The largest whole number that every JSON parser reads exactly.
MAX_SAFE_INTEGER = 2**53 - 1

_FIELD_NAME = re.compile("[A-Za-z][A-Za-z_]{0,63}")


def require_object(
    payload: object, *, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, Any]:
    """The payload as an object that has all of `required`, and no others but `optional` and the envelope's fields."""
    if not isinstance(payload, dict):
        raise InvalidRequest("the request must be a JSON object")
    unknown = payload.keys() - set(required) - set(optional) - set(_ENVELOPE)
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
    """A contact ID in lower case, as SendGrid's are: every ID observed is a lower-case UUID."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise InvalidRequest(f"{name} must be a contact id in UUID form")
    return value.lower()


def resource_id(value: object, name: str) -> str:
    """The id of a job or an export."""
    if not isinstance(value, str) or not RESOURCE_ID.fullmatch(value):
        raise InvalidRequest(f"{name} must be 1 to 128 of A-Z a-z 0-9 _ -")
    return value


def sha256(value: object, name: str) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise InvalidRequest(f"{name} must be a SHA-256 in 64 hexadecimal digits, in lower case")
    return value


def folder(value: object, name: str) -> str:
    """The name of a Step Functions execution, under which its files are stored in a bucket."""
    if not isinstance(value, str) or not _EXECUTION_NAME.fullmatch(value):
        raise InvalidRequest(f"{name} must be the name of a Step Functions execution")
    return value


def is_non_negative_int(value: object) -> TypeGuard[int]:
    """Whether the value is a whole number from 0 to MAX_SAFE_INTEGER."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SAFE_INTEGER


def non_negative_int(value: object, name: str) -> int:
    if not is_non_negative_int(value):
        raise InvalidRequest(f"{name} must be a whole number from 0 to {MAX_SAFE_INTEGER}")
    return value


def parse_timestamp(value: object, name: str) -> datetime:
    """A date and time with an offset, not so early or late that arithmetic with it overflows."""
    expected = f"{name} must be an ISO 8601 date and time with an offset, from the years 1970 to 9998"
    if not isinstance(value, str):
        raise InvalidRequest(expected)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise InvalidRequest(expected) from None
    if found.tzinfo is None or not 1970 <= found.year < 9999:
        raise InvalidRequest(expected)
    return found


@contextmanager
def error_prefix(name: str) -> Iterator[None]:
    """Adds the field's name to the errors of the block."""
    try:
        yield
    except InvalidRequest as invalid:
        raise InvalidRequest(f"{name}: {invalid.message}") from None


def envelope(payload: object) -> tuple[str | None, str | None]:
    """The `request_id` and the task token of a request that may be invalid otherwise. Each is None if it is invalid."""
    fields = payload if isinstance(payload, dict) else {}
    return _or_none(fields.get("request_id"), _REQUEST_ID), _or_none(fields.get("task_token"), _TASK_TOKEN)


def _or_none(value: object, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _matching(fields: dict[str, Any], name: str, pattern: re.Pattern[str], expected: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidRequest(f"{name} must be {expected}")
    return value
