"""Redelivers the messages that a function has not processed, after their visibility timeout."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks.workload import Event, Record, batches
from local.aws.partial_batch_response import failed_messages

# template.yaml's.
USUAL_VISIBILITY_TIMEOUT = 1860

# Returns the visibility timeouts that the function has set, in seconds, by receipt handle.
VisibilityTimeouts = Callable[[], Mapping[str, int]]


def redelivered(record: Record) -> Record:
    """The same message, received once more."""
    receives = int(record["attributes"]["ApproximateReceiveCount"]) + 1
    return {**record, "attributes": {**record["attributes"], "ApproximateReceiveCount": str(receives)}}


def redelivery(
    event: Mapping[str, Any], answer: Any, visibility_timeouts: VisibilityTimeouts
) -> Iterator[tuple[int, Event]]:
    """Batches of what the answer says is not done, each with the seconds after which it is there again: together, when
    the last of it is.
    """
    records = event.get("Records", ())
    failed = failed_messages(answer, {record["messageId"] for record in records})
    if left := [record for record in records if record["messageId"] in failed]:
        timeouts = visibility_timeouts()
        longest = max(timeouts.get(each["receiptHandle"], USUAL_VISIBILITY_TIMEOUT) for each in left)
        for again in batches(map(redelivered, left)):
            yield longest, again
