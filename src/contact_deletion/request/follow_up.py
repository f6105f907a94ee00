"""A request to follow deletion jobs to their end."""

import re
from dataclasses import dataclass, field
from typing import Any

from contact_deletion.errors import InvalidRequest
from contact_deletion.jobs import MAX_JOB_IDS
from contact_deletion.request import fields
from contact_deletion.request.bulk_delete import MAX_CONTACT_IDS
from contact_deletion.request.remove_identifier import IdentifierType, parse_identifier_type
from contact_deletion.timestamps import timestamp

DELETE_ALL = "delete_all"
"""The operation whose contacts are the account's."""

_OPERATION = re.compile("[a-z_]{1,32}")
_MESSAGE_ID = re.compile("[!-~]{1,128}")


@dataclass(frozen=True)
class FollowedIdentifier:
    """The identifier that a removal was about: whose it is, and of which type. Its value stays with the request."""

    contact_id: str
    identifier_type: IdentifierType


@dataclass(frozen=True)
class FollowedRequest:
    """What the end of its jobs is told with, of one request: who asked, for how much, and who waits for the answer.

    `contact_ids` are those of a bulk deletion, to be looked up where its jobs leave it in doubt, and so is the
    `identifier` of a removal.
    """

    operation: str | None = None
    request_id: str | None = None
    message_id: str | None = None
    contact_count: int | None = None
    contact_ids: tuple[str, ...] = ()
    task_token: str | None = field(default=None, repr=False)
    identifier: FollowedIdentifier | None = None

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
class FollowUp:
    """`accepted_at` is when SendGrid accepted the jobs, in seconds since the epoch.

    Whoever sends it with a task token of its own, or names no request, is itself one of `requests`.
    """

    job_ids: tuple[str, ...]
    requests: tuple[FollowedRequest, ...] = ()
    accepted_at: float | None = None
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


def parse(payload: object) -> FollowUp:
    """Raises InvalidRequest."""
    given = fields.object_of(payload, required=("job_ids",), optional=("requests", "accepted_at"))
    job_ids = given["job_ids"]
    if not isinstance(job_ids, list) or not 1 <= len(job_ids) <= MAX_JOB_IDS:
        raise InvalidRequest(f"job_ids must be a list of 1 to {MAX_JOB_IDS} job ids")
    requests = given.get("requests", [])
    if not isinstance(requests, list):
        raise InvalidRequest("requests must be a list")
    followed = [_followed(one, f"requests[{index}]") for index, one in enumerate(requests)]
    request_id, task_token = fields.request_id(given), fields.task_token(given)
    if task_token or not followed:
        followed.append(FollowedRequest(request_id=request_id, task_token=task_token))
    return FollowUp(
        job_ids=tuple(
            dict.fromkeys(
                fields.resource_id(value, f"job_ids[{index}]") for index, value in enumerate(job_ids)
            )
        ),
        requests=tuple(followed),
        accepted_at=fields.moment(given["accepted_at"], "accepted_at").timestamp()
        if "accepted_at" in given
        else None,
        request_id=request_id,
        task_token=task_token,
    )


def _followed(value: object, name: str) -> FollowedRequest:
    with fields.within(name):
        given = fields.object_of(
            value,
            required=(),
            optional=("operation", "message_id", "contact_count", "contact_ids", "identifier"),
        )
        return FollowedRequest(
            operation=_text(given, "operation", _OPERATION),
            request_id=fields.request_id(given),
            message_id=_text(given, "message_id", _MESSAGE_ID),
            contact_count=_count(given),
            contact_ids=_contact_ids(given),
            identifier=_identifier(given["identifier"]) if "identifier" in given else None,
            task_token=fields.task_token(given),
        )


def _text(given: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    value = given.get(name)
    if value is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
        raise InvalidRequest(f"{name} must match {pattern.pattern}")
    return value


def _count(given: dict[str, Any]) -> int | None:
    value = given.get("contact_count")
    return None if value is None else fields.whole_number(value, "contact_count")


def _contact_ids(given: dict[str, Any]) -> tuple[str, ...]:
    ids = given.get("contact_ids", [])
    if not isinstance(ids, list) or len(ids) > MAX_CONTACT_IDS:
        raise InvalidRequest(f"contact_ids must be a list of at most {MAX_CONTACT_IDS} contact ids")
    return tuple(fields.contact_id(value, f"contact_ids[{index}]") for index, value in enumerate(ids))


def _identifier(value: object) -> FollowedIdentifier:
    with fields.within("identifier"):
        given = fields.object_of(value, required=("contact_id", "identifier_type"))
        return FollowedIdentifier(
            contact_id=fields.contact_id(given["contact_id"], "contact_id"),
            identifier_type=parse_identifier_type(given["identifier_type"]),
        )
