"""What SendGrid's answers mean."""

import json
import re
from collections.abc import Iterable
from typing import Any

from contact_deletion.errors import NotAccepted, SendGridRefused, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.jobs import PENDING, Job
from contact_deletion.redaction import redact
from contact_deletion.request.fields import RESOURCE_ID, is_whole_number

_WORD = re.compile("[a-z_]{1,32}")
_URL = re.compile("https://[!-~]{1,4088}")

_PERHAPS_FORWARDED = frozenset({502, 504})
"""A gateway says these when it has lost what the request did behind it."""

_WORTH_REPEATING = frozenset({408, 425})


def job_id(body: bytes | None) -> str:
    """The job that a 202 names. Raises SendGridUnavailable where there is none."""
    found = json_object(body).get("job_id")
    if not isinstance(found, str) or not RESOURCE_ID.fullmatch(found):
        raise SendGridUnavailable("SendGrid accepted the call but named no usable job_id")
    return found


def job(job_id: str, body: bytes | None) -> Job:
    """How a job stands. Nothing in SendGrid's answer is promised to be there, so nothing has to be.

    Raises SendGridUnavailable where the answer is not about a job at all.
    """
    found = json_object(body)
    results = found.get("results")
    counts = results if isinstance(results, dict) else {}
    if not found:
        raise SendGridUnavailable("SendGrid answered a job's status with something that is none")
    return Job(
        job_id,
        status_word(found),
        requested_count=count(counts, "requested_count"),
        deleted_count=count(counts, "deleted_count"),
        errored_count=count(counts, "errored_count"),
        errors_url=_url(counts.get("errors_url")),
    )


def contact_ids(body: bytes | None) -> frozenset[str]:
    """The ids of the contacts that a batch look-up found. Raises SendGridUnavailable where it is not one's answer."""
    found = json_object(body).get("result")
    if not isinstance(found, list) or not all(isinstance(contact, dict) for contact in found):
        raise SendGridUnavailable("SendGrid answered a look-up of contacts with something that is no list")
    return frozenset(str(contact.get("id", "")).lower() for contact in found)


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
        return SendGridUnavailable(
            message, maybe_received=status in _PERHAPS_FORWARDED, status=status if status >= 500 else 0
        )
    if 400 <= status < 500:
        return SendGridRefused(message, status=status)
    return SendGridUnavailable(message)


def _reason(body: bytes | None, personal_values: Iterable[str]) -> str:
    errors = json_object(body).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    message = first.get("message") if isinstance(first, dict) else None
    return f": {redact(message, personal_values)}" if isinstance(message, str) and message else ""


def status_word(found: dict[str, Any]) -> str:
    """A word that is not one, or is missing, leaves the matter open."""
    status = found.get("status")
    word = status.lower() if isinstance(status, str) else ""
    return word if _WORD.fullmatch(word) else PENDING


def count(counts: dict[str, Any], name: str) -> int | None:
    """None where it is no count, or one that no reader of JSON could be told."""
    value = counts.get(name)
    return value if is_whole_number(value) else None


def _url(value: object) -> str | None:
    return value if isinstance(value, str) and _URL.fullmatch(value) else None
