"""The queue as Lambda's event source mapping reads it: batches, and what failed again after its visibility timeout."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from benchmarks.redelivery import VisibilityTimeouts, redelivery


class Queue:
    """Shared by several consumers, each in a thread."""

    def __init__(self, events: Iterable[Mapping[str, Any]], visibility_timeouts: VisibilityTimeouts) -> None:
        self._waiting = [(0.0, event) for event in events]
        self._visibility_timeouts = visibility_timeouts
        self._in_flight = 0
        self._changed = threading.Condition()

    def consume(self, invoke: Callable[[Mapping[str, Any]], Any]) -> None:
        """Until no message is left, here or with another consumer. Raises what `invoke` raises."""
        while (event := self._take()) is not None:
            try:
                response = invoke(event)
            except BaseException:
                self._abandon()
                raise
            self._answered(event, response)

    def _take(self) -> Mapping[str, Any] | None:
        with self._changed:
            while self._waiting:
                visible_at, event = first = min(self._waiting, key=lambda delivery: delivery[0])
                if visible_at <= time.monotonic():
                    self._waiting.remove(first)
                    self._in_flight += 1
                    return event
                self._changed.wait(visible_at - time.monotonic())
            while self._in_flight and not self._waiting:
                self._changed.wait()
        return self._take() if self._waiting else None

    def _answered(self, event: Mapping[str, Any], response: Any) -> None:
        with self._changed:
            self._in_flight -= 1
            for seconds, again in redelivery(event, response, self._visibility_timeouts):
                self._waiting.append((time.monotonic() + seconds, again))
            self._changed.notify_all()

    def _abandon(self) -> None:
        with self._changed:
            self._waiting.clear()
            self._in_flight = 0
            self._changed.notify_all()
