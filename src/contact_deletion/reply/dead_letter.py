"""A rejected message in the form in which it is kept for a person to look at."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from contact_deletion.errors import Rejected
from contact_deletion.inbound import QueueMessage

MAX_ATTRIBUTES = 10
"""SQS's limit for a message."""

OVERFLOW = "OtherAttributes"
"""Holds, as JSON, those of the producer's attributes that found no place beside ours."""


def dead_letter(message: QueueMessage, rejected: Rejected) -> dict[str, Any]:
    """Body and attributes of the copy: the message's own, and why and whence it was rejected."""
    reasons = {
        "ErrorCode": rejected.code,
        "ErrorMessage": rejected.message,
        "SourceQueueArn": message.queue_arn,
    }
    own = {name: value for name, value in message.attributes.items() if name not in reasons}
    room = MAX_ATTRIBUTES - len(reasons)
    if len(own) > room:
        names = sorted(own, key=OVERFLOW.__eq__)  # a producer's attribute of that name is kept in ours
        reasons[OVERFLOW] = json.dumps({name: own[name] for name in names[room - 1 :]})
        own = {name: own[name] for name in names[: room - 1]}
    return {
        "MessageBody": _sendable(message.body),
        "MessageAttributes": {
            **{name: _attribute(value) for name, value in own.items()},
            **{name: {"DataType": "String", "StringValue": value} for name, value in reasons.items()},
        },
    }


def size_of(letter: Mapping[str, Any]) -> int:
    """Bytes, as SQS counts them: the body, and every attribute's name, type and value."""
    return len(letter["MessageBody"].encode()) + sum(
        len(name) + sum(len(part.encode() if isinstance(part, str) else part) for part in attribute.values())
        for name, attribute in letter["MessageAttributes"].items()
    )


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    """A message attribute from the form of Lambda's event to that of SQS's API."""
    if value.get("stringValue") is not None:
        return {"DataType": value["dataType"], "StringValue": _sendable(value["stringValue"])}
    return {"DataType": value["dataType"], "BinaryValue": base64.b64decode(value["binaryValue"])}


def _sendable(text: str) -> str:
    """Half a character, which JSON can spell, cannot be sent: it becomes what SQS makes of what is no character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
