"""What became of a message, judged by its outcome event and its dead letter.

Each function returns what was seen, or None while something is missing, and raises CheckFailed.
"""

from collections.abc import Mapping
from typing import Any

from local.smoke.dead_letters import DeadLetter
from local.smoke.failures import CheckFailed, named_failure

Event = Mapping[str, Any]

COMPLETED = "Contact Deletion Completed"
FAILED = "Contact Deletion Failed"
REJECTED = "Contact Deletion Rejected"

_UNKNOWN_CONTACT = ("HTTP 400", "HTTP 404")


def of_rejection(
    code: str, event: Event | None, dead_letter: DeadLetter | None, *, has_bus: bool
) -> str | None:
    """Of a message that the stack has to reject with this code."""
    if event and event["detail-type"] != REJECTED:
        raise CheckFailed(f"{event['detail-type']} instead of a rejection with {code}")
    if dead_letter and dead_letter.code != code:
        raise named_failure(dead_letter.code or "given up by SQS", dead_letter.message)
    if event and event["detail"]["code"] != code:
        raise named_failure(event["detail"]["code"], event["detail"]["message"])
    if not dead_letter or (has_bus and not event):
        return None
    return f"rejected: {code}"


def of_unknown_contact(event: Event | None, dead_letter: DeadLetter | None) -> str | None:
    """Of the bulk deletion of an ID that no contact has.

    SendGrid does not document its response to that: 202, 404 and 400 are all fine, and so is every end of the job.
    """
    if dead_letter and not _is_about_the_contact(dead_letter.code, dead_letter.message):
        raise named_failure(dead_letter.code or "given up by SQS", dead_letter.message)
    if not event:
        return None
    detail = event["detail"]
    match event["detail-type"]:
        case kind if kind == COMPLETED:
            return "completed"
        case kind if kind == FAILED and detail["code"] == "DeletionFailed":
            return "failed, as a job without contacts may"
        case kind if kind == REJECTED and _is_about_the_contact(detail["code"], detail["message"]):
            return "rejected: no such contact" if dead_letter else None
    raise named_failure(detail["code"], detail["message"])


def _is_about_the_contact(code: str, message: str) -> bool:
    return code == "SendGridRefused" and any(status in message for status in _UNKNOWN_CONTACT)
