"""Reads SendGrid's responses."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from contact_deletion.errors import (
    InvalidRequest,
    NotAccepted,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.requests import validation
from contact_deletion.requests.validation import RESOURCE_ID, is_non_negative_int
from contact_deletion.sendgrid.jobs import PENDING, Job
from contact_deletion.sendgrid.redaction import redact

_WORD = re.compile("[a-z_]{1,32}")
_BETWEEN_PARTS = re.compile("[ -]")
_MAX_JOINTS = 3
_COUNT = re.compile("[0-9]{1,16}|[0-9]{1,3}(,[0-9]{3}){1,5}", re.ASCII)
_URL = re.compile("https://[!-~]{1,4088}")

_WORTH_REPEATING = frozenset({408, 425})

# nginx refuses by size, with a page of its own.
_ABOUT_SIZE = frozenset({413, 414})

# Twilio docs: Rate Limits, and its specification of recipients' data erasure.
_RATE_LIMITER_HEADERS = ("X-RateLimit-Reset", "X-Envoy-Ratelimited")

_REGION = re.compile(r"\bregion(al)?\b|\bresidency\b|\beu\b", re.IGNORECASE)
_REGION_ADVICE = (
    "the API key or the subuser belongs to another region than the host of SENDGRID_BASE_URL; Marketing contacts "
    "are on the global host alone: use a global key and subuser"
)


def job_id(body: bytes | None) -> str:
    """The job that a 202 names. Raises SendGridUnavailable where the response names no job."""
    found = json_object(body).get("job_id")
    if not isinstance(found, str) or not RESOURCE_ID.fullmatch(found):
        raise SendGridUnavailable("SendGrid accepted the call but named no usable job_id")
    return found


def job(job_id: str, body: bytes | None) -> Job:
    """The status of a job. SendGrid does not promise any field of the response, so none is required.

    Raises SendGridUnavailable where the response is not a JSON object.
    """
    found = json_object(body)
    results = found.get("results")
    counts = results if isinstance(results, dict) else {}
    if not found:
        raise SendGridUnavailable("SendGrid's job status response is not a JSON object")
    return Job(
        job_id,
        status_word(found),
        requested_count=count(counts, "requested_count"),
        deleted_count=count(counts, "deleted_count"),
        errored_count=count(counts, "errored_count"),
        errors_url=_url(counts.get("errors_url")),
        finished_at=timestamp_or_none(found.get("finished_at")),
    )


def contact_ids(body: bytes | None) -> frozenset[str]:
    """The IDs of the contacts that a batch lookup found. Raises SendGridUnavailable where there is no list of them."""
    found = json_object(body).get("result")
    if not isinstance(found, list) or not all(isinstance(contact, dict) for contact in found):
        raise SendGridUnavailable("SendGrid's response to the contact lookup has no list of contacts")
    return frozenset(str(contact.get("id", "")).lower() for contact in found)


def search_entries(body: bytes | None) -> dict[str, dict[str, Any]]:
    """What a search found, by identifier: an object with a `contact`, or with an `error`.

    Raises SendGridUnavailable where the response has no such objects.
    """
    found = json_object(body).get("result")
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise SendGridUnavailable("SendGrid's response to the search has no results")
    return found


def json_object(body: bytes | None) -> dict[str, Any]:
    """The body as a JSON object. Any other body, such as an HTML page of the edge, is taken as an empty one."""
    try:
        parsed = json.loads(body or b"")
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def is_refusal(status: int, headers: Mapping[str, str], body: bytes | None) -> bool:
    """Whether SendGrid itself refused the call, so that nothing was done.

    A 5xx can follow work that was done, and the page of a proxy before SendGrid says nothing about it. The rate
    limiter, which sends headers of its own, responds before anything is done.
    """
    if not 400 <= status < 500 or status in _WORTH_REPEATING:
        return False
    return _is_sendgrids(body) or (status == 429 and any(name in headers for name in _RATE_LIMITER_HEADERS))


def failure(
    status: int, body: bytes | None, personal_values: Iterable[str], retry_after: float = 0.0
) -> NotAccepted:
    """The error for a status other than 2xx and 429. SendGrid's own words are redacted.

    451 is documented as "Unavailable due to data residency restrictions". Keys of the EU on the global host were
    also seen to be refused for "their regional attribute", which no repetition changes.
    """
    personal = tuple(personal_values)
    # An address in the words, such as one that ends in .eu, says nothing about the region.
    messages = [redact(message, personal) for message in _messages(body)]
    said = messages[0] if messages else ""
    message = f"SendGrid responded with HTTP {status}{': ' if said else ''}{said}"
    if status == 451 or (status in (401, 403) and any(map(_REGION.search, messages))):
        return SendGridRefused(f"{message[:120]}; {_REGION_ADVICE}", status=status)
    if status in (401, 403):
        return SendGridUnauthorized(message)
    if status >= 500 or status in _WORTH_REPEATING:
        return SendGridUnavailable(message, retry_after=retry_after, status=status if status >= 500 else 0)
    if 400 <= status < 500 and (status in _ABOUT_SIZE or _is_sendgrids(body)):
        return SendGridRefused(message, status=status)
    return SendGridUnavailable(message)


def is_bare_error(body: bytes | None) -> bool:
    """Whether the body is one error without the usual list around it.

    Twilio's specification of the search by identifiers has such a body for 400 and 404.
    """
    return isinstance(json_object(body).get("message"), str)


def _is_sendgrids(body: bytes | None) -> bool:
    """Whether the body is SendGrid's own: a page of its edge, or another gateway's JSON, has no `errors`."""
    errors = json_object(body).get("errors")
    return isinstance(errors, list | dict) and bool(errors)


def _messages(body: bytes | None) -> list[str]:
    """The messages in the errors body that Twilio documents for the whole v3 API."""
    errors = json_object(body).get("errors")
    found = (
        [error.get("message") for error in errors if isinstance(error, dict)]
        if isinstance(errors, list)
        else []
    )
    return [message for message in found if isinstance(message, str) and message]


def status_word(found: dict[str, Any]) -> str:
    """The status as a word in lower case, with its parts joined by `_`. Anything else is taken as `pending`."""
    status = found.get("status")
    word = "_".join(_BETWEEN_PARTS.split(status.strip().lower())) if isinstance(status, str) else ""
    is_word = _WORD.fullmatch(word) and word.count("_") <= _MAX_JOINTS
    return word if is_word else PENDING


def count(counts: dict[str, Any], name: str) -> int | None:
    """A whole number up to MAX_SAFE_INTEGER: 1000, 1000.0, "1000" or "1,000". None for anything else."""
    value = counts.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and _COUNT.fullmatch(value.strip()):
        value = int(value.replace(",", ""))
    return value if is_non_negative_int(value) else None


def timestamp_or_none(value: object) -> float | None:
    """Seconds since the epoch; None where it is not a date and time."""
    try:
        return validation.parse_timestamp(value, "timestamp").timestamp()
    except InvalidRequest:
        return None


def _url(value: object) -> str | None:
    return value if isinstance(value, str) and _URL.fullmatch(value) else None
