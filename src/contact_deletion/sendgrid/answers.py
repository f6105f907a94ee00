"""What SendGrid's answers mean."""

import json
import re
from collections.abc import Iterable
from typing import Any

from contact_deletion.errors import NotAccepted, SendGridRefused, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.redaction import redact

_JOB_ID = re.compile("[A-Za-z0-9_-]{1,128}")
"""A UUID in every answer seen; Twilio's specification types it `object`. It becomes part of a URL later."""

_PERHAPS_FORWARDED = frozenset({502, 504})
"""A gateway says these when it has lost what the request did behind it."""

_WORTH_REPEATING = frozenset({408, 425})


def job_id(body: bytes | None) -> str:
    """The job that a 202 names. Raises SendGridUnavailable where there is none."""
    found = json_object(body).get("job_id")
    if not isinstance(found, str) or not _JOB_ID.fullmatch(found):
        raise SendGridUnavailable("SendGrid accepted the call but named no usable job_id")
    return found


def json_object(body: bytes | None) -> dict[str, Any]:
    """The body as a JSON object; empty where it is none, as the edge's HTML pages are."""
    try:
        parsed = json.loads(body or b"")
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def failure(status: int, body: bytes | None, personal_values: Iterable[str]) -> NotAccepted:
    """The error that a status other than 2xx and 429 stands for; SendGrid's own words are redacted."""
    message = f"SendGrid answered HTTP {status}{_reason(body, personal_values)}"
    if status in (401, 403):
        return SendGridUnauthorized(message)
    if status >= 500 or status in _WORTH_REPEATING:
        return SendGridUnavailable(message, maybe_received=status in _PERHAPS_FORWARDED)
    if 400 <= status < 500:
        return SendGridRefused(message, status=status)
    return SendGridUnavailable(message)


def _reason(body: bytes | None, personal_values: Iterable[str]) -> str:
    errors = json_object(body).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    message = first.get("message") if isinstance(first, dict) else None
    return f": {redact(message, personal_values)}" if isinstance(message, str) and message else ""
