"""The queue as Lambda's event source mapping reads it: batches, and what failed again after its visibility timeout."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from benchmarks.workload import batches, redelivered

USUAL_VISIBILITY_TIMEOUT = 1860
"""template.yaml's."""


class Queue:
    """Shared by several consumers, each in a thread.

    `visibility_timeouts` gives what the function has asked SQS for, in seconds by receipt handle.
    """

    def __init__(
        self, events: Iterable[Mapping[str, Any]], visibility_timeouts: Callable[[], Mapping[str, int]]
    ) -> None:
        self._waiting = [(0.0, event) for event in events]
        self._visibility_timeouts = visibility_timeouts
        self._in_flight = 0
        self._changed = threading.Condition()

    def consume(self, invoke: Callable[[Mapping[str, Any]], Any]) -> None:
        """Until no message is left, here or with another consumer. Raises what `invoke` raises."""
        while (event := self._take()) is not None:
            try:
                answer = invoke(event)
            except BaseException:
                self._abandon()
                raise
            self._answered(event, answer or {})

    def _take(self) -> Mapping[str, Any] | None:
        with self._changed:
            while self._waiting:
                visible_at, event = first = min(self._waiting, key=lambda one: one[0])
                if visible_at <= time.monotonic():
                    self._waiting.remove(first)
                    self._in_flight += 1
                    return event
                self._changed.wait(visible_at - time.monotonic())
            while self._in_flight and not self._waiting:
                self._changed.wait()
        return self._take() if self._waiting else None

    def _answered(self, event: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """What the partial batch response names comes back."""
        failed = {failure["itemIdentifier"] for failure in answer.get("batchItemFailures", ())}
        left = [record for record in event.get("Records", ()) if record["messageId"] in failed]
        with self._changed:
            self._in_flight -= 1
            if left:
                timeouts = self._visibility_timeouts()
                longest = max(timeouts.get(one["receiptHandle"], USUAL_VISIBILITY_TIMEOUT) for one in left)
                again = batches(map(redelivered, left))
                self._waiting += [(time.monotonic() + longest, event) for event in again]
            self._changed.notify_all()

    def _abandon(self) -> None:
        with self._changed:
            self._waiting.clear()
            self._in_flight = 0
            self._changed.notify_all()
