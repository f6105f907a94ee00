"""Builders of what producers and workflows send; the files in events/ are made by them too."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from local.aws.names import REGION, arn


@cache
def contact_id(number: int) -> str:
    """A contact id that is always the same for a number."""
    return str(UUID(int=number + (4 << 76) + (8 << 60)))


def bulk_delete(contact_ids: Sequence[str], **more: Any) -> dict[str, Any]:
    return {"contact_ids": list(contact_ids), **more}


def delete_by_identifiers(
    identifier_values: Sequence[object], identifier_type: str = "EMAIL", **more: Any
) -> dict[str, Any]:
    return {"identifier_type": identifier_type, "identifier_values": list(identifier_values), **more}


def delete_all(requested_at: str, **more: Any) -> dict[str, Any]:
    request = {
        "request_id": "reset-2026-11",
        "confirm": "Delete All Contacts",
        "requested_at": requested_at,
        "max_contacts": 25_000,
    }
    return request | more


def remove_identifier(
    contact: str, identifier_type: str, identifier_value: str, **more: Any
) -> dict[str, Any]:
    return {
        "contact_id": contact,
        "identifier_type": identifier_type,
        "identifier_value": identifier_value,
        **more,
    }


def status_check(job_ids: Sequence[str], *requests: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A status check. A workflow names only the jobs."""
    return {"job_ids": list(job_ids)} | ({"requests": list(requests)} if requests else {}) | more


def queue_arn(queue: str) -> str:
    return arn("sqs", queue)


def sqs_record(
    body: object,
    *,
    queue: str,
    number: int = 1,
    receive_count: int = 1,
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A record as Lambda's poller makes it; a body that is not text is written as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "messageId": str(UUID(int=number)),
        "receiptHandle": f"receipt-handle-{number}",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": str(receive_count),
            "SentTimestamp": "1795291200000",
            "SenderId": "AIDAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": "1795291200100",
        },
        "messageAttributes": dict(attributes or {}),
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn(queue),
        "awsRegion": REGION,
    }


def sqs_event(*bodies: object, queue: str, receive_count: int = 1) -> dict[str, Any]:
    """An event of one batch, its messages numbered from 1."""
    return {
        "Records": [
            sqs_record(body, queue=queue, number=number, receive_count=receive_count)
            for number, body in enumerate(bodies, start=1)
        ]
    }
