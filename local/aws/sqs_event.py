"""The event that Lambda makes of SQS messages."""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.aws.names import REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef


def record(message: "MessageTypeDef", queue_arn: str) -> dict[str, Any]:
    """One of the event's Records, from a message as ReceiveMessage returns it with all its attributes."""
    fields = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: _message_attribute(attribute)
            for name, attribute in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        fields["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return fields


def _message_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if "StringValue" in attribute:
        fields["stringValue"] = attribute["StringValue"]
    if "BinaryValue" in attribute:
        fields["binaryValue"] = base64.b64encode(attribute["BinaryValue"]).decode()
    return fields
