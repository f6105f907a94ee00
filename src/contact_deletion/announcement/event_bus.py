"""Outcome events on EventBridge."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.announcement.conclusion import Conclusion
from contact_deletion.aws_errors import error_code
from contact_deletion.batch_calls import Entry, batches
from contact_deletion.deadline import Sleep

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "sendgrid-contact-deletion"

_ATTEMPTS = 4

NotPut = list[tuple[Conclusion, str]]
"""Conclusions that EventBridge did not take, each with why."""


class EventBus:
    """Puts events on the bus `name`; on none where the name is empty."""

    def __init__(
        self,
        client: Callable[[], "EventBridgeClient"],
        name: str,
        sleep: Sleep,
        jitter: Callable[[float, float], float],
        threads: Executor,
    ) -> None:
        """Acceptance is no event, so the client is made for the first that there is."""
        self._client = client
        self._name = name
        self._sleep = sleep
        self._jitter = jitter
        self._threads = threads

    def put(self, conclusions: Sequence[Conclusion]) -> NotPut:
        """One event for each conclusion; those that failed are tried again, alone, after full-jitter backoff."""
        if not self._name or not conclusions:
            return []
        client = self._client()
        left: NotPut = [(conclusion, "") for conclusion in conclusions]
        for attempt in range(_ATTEMPTS):
            if attempt and left:
                self._sleep(self._jitter(0, 0.1 * 2**attempt))
            calls = batches([(one, self._entry(one)) for one, _ in left], _size)
            failures = self._threads.map(partial(_put, client), calls)
            left = [failure for of_a_call in failures for failure in of_a_call]
        return left

    def _entry(self, conclusion: Conclusion) -> Entry:
        return {
            "EventBusName": self._name,
            "Source": SOURCE,
            "DetailType": f"Contact Deletion {conclusion.kind}",
            "Detail": json.dumps(conclusion.detail),
        }


def _put(client: "EventBridgeClient", batch: Sequence[tuple[Conclusion, Entry]]) -> NotPut:
    entries: Any = [entry for _, entry in batch]
    try:
        answer = client.put_events(Entries=entries)
    except (ClientError, BotoCoreError) as error:
        return [(conclusion, error_code(error)) for conclusion, _ in batch]
    return [
        (conclusion, result["ErrorCode"])
        for (conclusion, _), result in zip(batch, answer["Entries"], strict=True)
        if result.get("ErrorCode")
    ]


def _size(entry: Entry) -> int:
    """Bytes, as PutEvents counts them; everything in an event is ASCII."""
    return len(entry["Source"]) + len(entry["DetailType"]) + len(entry["Detail"])
