"""Requests for deletion, as messages and as the events that Lambda's event source mapping makes of them."""

import hashlib
import json
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from local.aws.names import arn
from local.aws.sqs_event import record

BATCH_SIZE = 1_000
# Lambda's limit of an invocation's payload, which a batch observes too.
MAX_EVENT_BYTES = 6 * 1024 * 1024

QUEUE_ARN = arn("sqs", "bulk-delete")

Record = dict[str, Any]
Event = dict[str, list[Record]]


def contact_ids(count: int, seed: int = 4) -> list[str]:
    chance = random.Random(seed)  # noqa: S311 - the same ids in every run
    return [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(count)]


def messages(ids: Sequence[str], of: int = 1, first: int = 0) -> list[Record]:
    """A message for every `of` ids, numbered from `first`, without a request_id, as docs/requests.md shows it."""
    bodies = (json.dumps({"contact_ids": ids[start : start + of]}) for start in range(0, len(ids), of))
    return [message(body, number) for number, body in enumerate(bodies, first)]


def identifier_messages(addresses: Sequence[str]) -> list[Record]:
    """A message for each address, as docs/requests.md shows it."""
    bodies = (
        json.dumps({"identifier_type": "EMAIL", "identifier_values": [address]}) for address in addresses
    )
    return [message(body, number) for number, body in enumerate(bodies)]


def message(body: str, number: int) -> Record:
    """One record of an event: what SQS and Lambda add to a body is as long as theirs."""
    digest = hashlib.sha512(str(number).encode()).hexdigest()
    return record(
        {
            "MessageId": str(uuid.UUID(digest[:32])),
            "ReceiptHandle": f"AQEB{digest}{digest[:56]}==",
            "Body": body,
            "Attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1790000000000",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1790000000100",
            },
            "MD5OfBody": digest[:32],
        },
        QUEUE_ARN,
    )


def batches(records: Iterable[Record]) -> Iterator[Event]:
    """As many records in an event as BatchSize and the limit of the payload allow."""
    batch: list[Record] = []
    room = MAX_EVENT_BYTES
    for each in records:
        size = len(json.dumps(each)) + 2
        if batch and (len(batch) == BATCH_SIZE or size > room):
            yield {"Records": batch}
            batch = []
        if not batch:
            room = MAX_EVENT_BYTES - len('{"Records": []}')
        batch.append(each)
        room -= size
    if batch:
        yield {"Records": batch}
