"""A request to track deletion jobs until they have ended."""

import re
from dataclasses import dataclass, field
from typing import Any

from contact_deletion.deadline import timestamp
from contact_deletion.errors import InvalidRequest, NotAccepted
from contact_deletion.requests import caught_error, validation
from contact_deletion.requests.bulk_deletion import MAX_CONTACT_IDS
from contact_deletion.requests.identifiers import IdentifierType, parse_identifier_type
from contact_deletion.requests.resolution import IdentifierCounts
from contact_deletion.requests.validation import MAX_JOB_IDS

# The operation that deletes all contacts of the account.
DELETE_ALL = "delete_all"

_OPERATION = re.compile("[a-z_]{1,32}")
_MESSAGE_ID = re.compile("[!-~]{1,128}")
_ERROR = re.compile("[!-~]{1,256}")


@dataclass(frozen=True)
class TrackedIdentifier:
    """The identifier that a request removes: its contact and its type. The value is not passed on."""

    contact_id: str
    identifier_type: IdentifierType


@dataclass(frozen=True)
class TrackedRequest:
    """An accepted request, with what its outcome event and its verification need.

    The `contact_ids` of a bulk deletion, and the `identifier` of a removal, are looked up where the jobs leave the
    outcome in doubt. A bulk deletion by identifiers has the counts of its `identifiers`. A request with an `error` was
    not accepted in full; the error names the jobs that were started.
    """

    operation: str | None = None
    request_id: str | None = None
    message_id: str | None = None
    contact_count: int | None = None
    contact_ids: tuple[str, ...] = ()
    task_token: str | None = field(default=None, repr=False)
    identifier: TrackedIdentifier | None = None
    identifiers: IdentifierCounts | None = None
    error: NotAccepted | None = None

    @property
    def deletes_all(self) -> bool:
        return self.operation == DELETE_ALL

    @property
    def deletes_none(self) -> bool:
        """Whether none of its identifiers belongs to a contact. It may have the job of an earlier delivery."""
        return self.contact_count == 0 and not self.deletes_all

    @property
    def payload(self) -> dict[str, Any]:
        """The request as JSON, for a status message. Requests with an error are in no status message."""
        known = {
            "operation": self.operation,
            "request_id": self.request_id,
            "message_id": self.message_id,
            "contact_count": self.contact_count,
            "contact_ids": list(self.contact_ids) or None,
            "identifier": None if self.identifier is None else vars(self.identifier),
            "identifiers": None if self.identifiers is None else self.identifiers.payload,
            "task_token": self.task_token,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class StatusCheck:
    """Jobs to track, and the requests that share them.

    `accepted_at` is when SendGrid accepted the jobs, in seconds since the epoch. A check with a task token of its own,
    or without requests, is itself one of `requests`. With `include_errors_url`, the response has for each job the link
    to the file of its errors.
    """

    job_ids: tuple[str, ...]
    requests: tuple[TrackedRequest, ...] = ()
    accepted_at: float | None = None
    include_errors_url: bool = False
    request_id: str | None = None
    task_token: str | None = field(default=None, repr=False)

    @property
    def payload(self) -> dict[str, Any]:
        """The body of a status message, in which everything about the requests is in `requests`."""
        accepted_at = {} if self.accepted_at is None else {"accepted_at": timestamp(self.accepted_at)}
        return (
            {"job_ids": list(self.job_ids)}
            | accepted_at
            | {"requests": [request.payload for request in self.requests]}
        )


def parse(payload: object) -> StatusCheck:
    """Raises InvalidRequest."""
    given = validation.require_object(
        payload, required=("job_ids",), optional=("requests", "accepted_at", "include_errors_url")
    )
    job_ids = given["job_ids"]
    requests = given.get("requests", [])
    if not isinstance(requests, list):
        raise InvalidRequest("requests must be a list")
    tracked = [_tracked(value, f"requests[{index}]") for index, value in enumerate(requests)]
    started = [job_id for request in tracked if request.error for job_id in request.error.job_ids]
    least = 0 if any(request.error for request in tracked) else 1
    if not isinstance(job_ids, list) or not least <= len(job_ids) <= MAX_JOB_IDS:
        raise InvalidRequest(f"job_ids must be a list of {least} to {MAX_JOB_IDS} job ids")
    include_errors_url = given.get("include_errors_url", False)
    if not isinstance(include_errors_url, bool):
        raise InvalidRequest("include_errors_url must be true or false")
    request_id, task_token = validation.request_id(given), validation.task_token(given)
    if task_token or not tracked:
        tracked.append(TrackedRequest(request_id=request_id, task_token=task_token))
    return StatusCheck(
        job_ids=tuple(
            dict.fromkeys(
                [
                    *(
                        validation.resource_id(value, f"job_ids[{index}]")
                        for index, value in enumerate(job_ids)
                    ),
                    *started,
                ]
            )
        ),
        requests=tuple(tracked),
        accepted_at=validation.parse_timestamp(given["accepted_at"], "accepted_at").timestamp()
        if "accepted_at" in given
        else None,
        include_errors_url=include_errors_url,
        request_id=request_id,
        task_token=task_token,
    )


def _tracked(value: object, name: str) -> TrackedRequest:
    with validation.error_prefix(name):
        given = validation.require_object(
            value,
            required=(),
            optional=(
                *("operation", "message_id", "contact_count", "contact_ids"),
                *("identifier", "identifiers", "error"),
            ),
        )
        return TrackedRequest(
            operation=_text(given, "operation", _OPERATION),
            request_id=validation.request_id(given),
            message_id=_text(given, "message_id", _MESSAGE_ID),
            contact_count=_count(given),
            contact_ids=_contact_ids(given),
            identifier=_identifier(given["identifier"]) if "identifier" in given else None,
            identifiers=_identifiers(given["identifiers"]) if "identifiers" in given else None,
            error=_error(given["error"]) if given.get("error") is not None else None,
            task_token=validation.task_token(given),
        )


def _text(given: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    value = given.get(name)
    if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
        raise InvalidRequest(f"{name} must match {pattern.pattern}")
    return value


def _count(given: dict[str, Any]) -> int | None:
    value = given.get("contact_count")
    return None if value is None else validation.non_negative_int(value, "contact_count")


def _contact_ids(given: dict[str, Any]) -> tuple[str, ...]:
    ids = given.get("contact_ids", [])
    if not isinstance(ids, list) or len(ids) > MAX_CONTACT_IDS:
        raise InvalidRequest(f"contact_ids must be a list of at most {MAX_CONTACT_IDS} contact ids")
    return tuple(validation.contact_id(value, f"contact_ids[{index}]") for index, value in enumerate(ids))


def _identifier(value: object) -> TrackedIdentifier:
    with validation.error_prefix("identifier"):
        given = validation.require_object(value, required=("contact_id", "identifier_type"))
        return TrackedIdentifier(
            contact_id=validation.contact_id(given["contact_id"], "contact_id"),
            identifier_type=parse_identifier_type(given["identifier_type"]),
        )


def _identifiers(value: object) -> IdentifierCounts:
    with validation.error_prefix("identifiers"):
        return IdentifierCounts.parse(value)


def _error(value: object) -> NotAccepted:
    with validation.error_prefix("error"):
        given = validation.require_object(value, required=("Error",), optional=("Cause",))
        _text(given, "Error", _ERROR)
        return caught_error.read(given).outcome()
