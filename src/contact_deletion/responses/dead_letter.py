"""A rejected message in the form in which it is dead-lettered, for a person to look at."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from contact_deletion.deliveries import QueueMessage
from contact_deletion.errors import Rejected

# SQS's limits for a message.
MAX_ATTRIBUTES = 10
MAX_MESSAGE_BYTES = 1024 * 1024

# Contains, as JSON, those of the producer's attributes for which there is no room beside ours.
OVERFLOW = "OtherAttributes"

# Names what was truncated to make room for our attributes: BODY or an attribute.
TRUNCATED = "Truncated"

BODY = "MessageBody"


def dead_letter(message: QueueMessage, rejected: Rejected) -> dict[str, Any]:
    """Body and attributes of the copy: the message's own, and where and why it was rejected."""
    reasons = {
        "ErrorCode": rejected.code,
        "ErrorMessage": rejected.message,
        "SourceQueueArn": message.queue_arn,
    }
    letter = _letter(message, reasons)
    if size_of(letter) > MAX_MESSAGE_BYTES:
        letter = _letter(message, reasons | {TRUNCATED: BODY})
        _truncate(letter)
    return letter


def size_of(letter: Mapping[str, Any]) -> int:
    """Bytes, as SQS counts them: the body, and every attribute's name, type and value."""
    return len(letter[BODY].encode()) + sum(
        len(name) + sum(_length(part) for part in attribute.values())
        for name, attribute in letter["MessageAttributes"].items()
    )


def _letter(message: QueueMessage, reasons: Mapping[str, str]) -> dict[str, Any]:
    own = {name: value for name, value in message.attributes.items() if name not in reasons}
    room = MAX_ATTRIBUTES - len(reasons)
    overflow = {}
    if len(own) > room:
        names = sorted(own, key=OVERFLOW.__eq__)  # a producer's attribute of that name goes into ours
        overflow = {OVERFLOW: json.dumps({name: own[name] for name in names[room - 1 :]})}
        own = {name: own[name] for name in names[: room - 1]}
    return {
        BODY: _sendable(message.body),
        "MessageAttributes": {
            **{name: _attribute(value) for name, value in own.items()},
            **{name: _text(value) for name, value in {**reasons, **overflow}.items()},
        },
    }


def _truncate(letter: dict[str, Any]) -> None:
    """Truncates the longest part, which is many times as long as the excess."""
    parts = [(letter, BODY, BODY)]
    for name, attribute in letter["MessageAttributes"].items():
        parts.append((attribute, "BinaryValue" if "BinaryValue" in attribute else "StringValue", name))
    holder, key, name = max(parts, key=lambda part: _length(part[0][part[1]]))
    letter["MessageAttributes"][TRUNCATED] = _text(name)
    value = holder[key]
    data = value if isinstance(value, bytes) else value.encode()
    data = data[: MAX_MESSAGE_BYTES - size_of(letter)]
    holder[key] = data if isinstance(value, bytes) else data.decode(errors="ignore")


def _length(part: str | bytes) -> int:
    return len(part.encode() if isinstance(part, str) else part)


def _text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    """A message attribute from the form of Lambda's event to that of SQS's API."""
    if value.get("stringValue") is not None:
        return {"DataType": value["dataType"], "StringValue": _sendable(value["stringValue"])}
    return {"DataType": value["dataType"], "BinaryValue": base64.b64decode(value["binaryValue"])}


def _sendable(text: str) -> str:
    """Replaces lone surrogates, which JSON can contain and SQS cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
