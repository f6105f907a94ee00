"""A request to follow deletion jobs to their end."""

import re
from dataclasses import dataclass, field
from typing import Any

from contact_deletion.deadline import timestamp
from contact_deletion.errors import InvalidRequest, NotAccepted
from contact_deletion.requests import caught_error, validation
from contact_deletion.requests.bulk_deletion import MAX_CONTACT_IDS
from contact_deletion.requests.identifier_removal import IdentifierType, parse_identifier_type
from contact_deletion.requests.validation import MAX_JOB_IDS

DELETE_ALL = "delete_all"
"""The operation whose contacts are the account's."""

_OPERATION = re.compile("[a-z_]{1,32}")
_MESSAGE_ID = re.compile("[!-~]{1,128}")
_ERROR = re.compile("[!-~]{1,256}")


@dataclass(frozen=True)
class TrackedIdentifier:
    """The identifier that a removal was about: whose it is, and of which type. Its value stays with the request."""

    contact_id: str
    identifier_type: IdentifierType


@dataclass(frozen=True)
class TrackedRequest:
    """What the end of its jobs is told with, of one request: who asked, for how much, and who waits for the answer.

    `contact_ids` are those of a bulk deletion, to be looked up where its jobs leave it in doubt, and so is the
    `identifier` of a removal. A request with an `error` was not accepted in full, and the error names the jobs that
    were started all the same.
    """

    operation: str | None = None
    request_id: str | None = None
    message_id: str | None = None
    contact_count: int | None = None
    contact_ids: tuple[str, ...] = ()
    task_token: str | None = field(default=None, repr=False)
    identifier: TrackedIdentifier | None = None
    error: NotAccepted | None = None

    @property
    def deletes_all(self) -> bool:
        return self.operation == DELETE_ALL

    @property
    def payload(self) -> dict[str, Any]:
        """As a status message has it."""
        known = {
            "operation": self.operation,
            "request_id": self.request_id,
            "message_id": self.message_id,
            "contact_count": self.contact_count,
            "contact_ids": list(self.contact_ids) or None,
            "identifier": None if self.identifier is None else vars(self.identifier),
            "task_token": self.task_token,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True)
class StatusCheck:
    """`accepted_at` is when SendGrid accepted the jobs, in seconds since the epoch.

    With `include_errors_url`, a job's answer has the link to the file of its errors.

    Whoever sends it with a task token of its own, or names no request, is itself one of `requests`.
    """

    job_ids: tuple[str, ...]
    requests: tuple[TrackedRequest, ...] = ()
    accepted_at: float | None = None
    include_errors_url: bool = False
    request_id: str | None = None
    task_token: str | None = field(default=None, repr=False)

    @property
    def payload(self) -> dict[str, Any]:
        """As a status message: what it is about is in its `requests`."""
        accepted_at = {} if self.accepted_at is None else {"accepted_at": timestamp(self.accepted_at)}
        return (
            {"job_ids": list(self.job_ids)}
            | accepted_at
            | {"requests": [one.payload for one in self.requests]}
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
    followed = [_followed(one, f"requests[{index}]") for index, one in enumerate(requests)]
    started = [job_id for one in followed if one.error for job_id in one.error.job_ids]
    least = 0 if any(one.error for one in followed) else 1
    if not isinstance(job_ids, list) or not least <= len(job_ids) <= MAX_JOB_IDS:
        raise InvalidRequest(f"job_ids must be a list of {least} to {MAX_JOB_IDS} job ids")
    include_errors_url = given.get("include_errors_url", False)
    if not isinstance(include_errors_url, bool):
        raise InvalidRequest("include_errors_url must be true or false")
    request_id, task_token = validation.request_id(given), validation.task_token(given)
    if task_token or not followed:
        followed.append(TrackedRequest(request_id=request_id, task_token=task_token))
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
        requests=tuple(followed),
        accepted_at=validation.parse_timestamp(given["accepted_at"], "accepted_at").timestamp()
        if "accepted_at" in given
        else None,
        include_errors_url=include_errors_url,
        request_id=request_id,
        task_token=task_token,
    )


def _followed(value: object, name: str) -> TrackedRequest:
    with validation.error_prefix(name):
        given = validation.require_object(
            value,
            required=(),
            optional=("operation", "message_id", "contact_count", "contact_ids", "identifier", "error"),
        )
        return TrackedRequest(
            operation=_text(given, "operation", _OPERATION),
            request_id=validation.request_id(given),
            message_id=_text(given, "message_id", _MESSAGE_ID),
            contact_count=_count(given),
            contact_ids=_contact_ids(given),
            identifier=_identifier(given["identifier"]) if "identifier" in given else None,
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


def _error(value: object) -> NotAccepted:
    with validation.error_prefix("error"):
        given = validation.require_object(value, required=("Error",), optional=("Cause",))
        _text(given, "Error", _ERROR)
        return caught_error.read(given).outcome()
