"""AWS batch calls, which may accept some entries and refuse others."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.errors import error_code

# The limit of SQS's batch calls and of PutEvents.
MAX_ENTRIES = 10

# Within every limit that SQS and PutEvents have had. A larger entry is sent alone.
MAX_BYTES = 256 * 1024

OwnerT = TypeVar("OwnerT")
Entry = dict[str, Any]


def batches(
    entries: Sequence[tuple[OwnerT, Entry]], size_of_entry: Callable[[Entry], int]
) -> Iterator[list[tuple[OwnerT, Entry]]]:
    """Groups entries, each with its owner, in their order and into as few calls as the limits allow."""
    batch: list[tuple[OwnerT, Entry]] = []
    room = MAX_BYTES
    for owner, entry in entries:
        size = size_of_entry(entry)
        if batch and (len(batch) == MAX_ENTRIES or size > room):
            yield batch
            batch, room = [], MAX_BYTES
        batch.append((owner, entry))
        room -= size
    if batch:
        yield batch


def not_taken(batch: Sequence[tuple[OwnerT, Entry]], call: Callable[[Any], Any]) -> list[tuple[OwnerT, str]]:
    """Makes one of SQS's batch calls. Returns the owners of the entries that failed, each with AWS's error code."""
    entries = [{"Id": str(index), **entry} for index, (_, entry) in enumerate(batch)]
    try:
        response = call(entries)
    except (ClientError, BotoCoreError) as error:
        return [(owner, error_code(error)) for owner, _ in batch]
    return [(batch[int(failure["Id"])][0], failure["Code"]) for failure in response.get("Failed", ())]
