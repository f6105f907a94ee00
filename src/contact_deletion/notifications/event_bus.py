"""Publishes outcome events on EventBridge."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.deadline import Sleep
from contact_deletion.errors import error_code
from contact_deletion.notifications.batch_calls import Entry, batches
from contact_deletion.notifications.outcome_events import OutcomeEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "sendgrid-contact-deletion"

_ATTEMPTS = 4

# Events that EventBridge did not accept, each with the reason.
NotPut = list[tuple[OutcomeEvent, str]]


class EventBus:
    """The event bus `name`, or no bus where the name is empty."""

    def __init__(
        self,
        client: Callable[[], "EventBridgeClient"],
        name: str,
        sleep: Sleep,
        jitter: Callable[[float, float], float],
        threads: Executor,
    ) -> None:
        """Most invocations publish nothing, so the client is made for the first event."""
        self._client = client
        self._name = name
        self._sleep = sleep
        self._jitter = jitter
        self._threads = threads

    def put(self, events: Sequence[OutcomeEvent]) -> NotPut:
        """Publishes the events, and returns those that failed. Failures are retried with full-jitter backoff."""
        if not self._name or not events:
            return []
        client = self._client()
        left: NotPut = [(event, "") for event in events]
        for attempt in range(_ATTEMPTS):
            if attempt and left:
                self._sleep(self._jitter(0, 0.1 * 2**attempt))
            calls = batches([(event, self._entry(event)) for event, _ in left], _size)
            failures = self._threads.map(partial(_put, client), calls)
            left = [failure for of_a_call in failures for failure in of_a_call]
        return left

    def _entry(self, event: OutcomeEvent) -> Entry:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": f"Contact Deletion {event.kind}",
            "Detail": json.dumps(event.detail),
        }


def _put(client: "EventBridgeClient", batch: Sequence[tuple[OutcomeEvent, Entry]]) -> NotPut:
    entries: Any = [entry for _, entry in batch]
    try:
        response = client.put_events(Entries=entries)
    except (ClientError, BotoCoreError) as error:
        return [(event, error_code(error)) for event, _ in batch]
    return [
        (event, result["ErrorCode"])
        for (event, _), result in zip(batch, response["Entries"], strict=True)
        if result.get("ErrorCode")
    ]


def _size(entry: Entry) -> int:
    """Bytes, as PutEvents counts them; everything in an event is ASCII."""
    return len(entry["Source"]) + len(entry["DetailType"]) + len(entry["Detail"])
