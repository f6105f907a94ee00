"""What is still to happen, each at its time."""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Timeline:
    """Things happen when somebody looks and their time has come, in the order of their times.

    Each action gets the time that it was scheduled for, not the time of the call. Safe to use from several threads.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._sequence = itertools.count()
        self._to_come: list[tuple[float, int, Callable[[float], None]]] = []
        self._happening_at: float | None = None

    def now(self) -> float:
        """The time for which something happens; that of the clock where nothing does."""
        return self._clock() if self._happening_at is None else self._happening_at

    def at(self, time: float, happen: Callable[[float], None]) -> None:
        with self._lock:
            heapq.heappush(self._to_come, (time, next(self._sequence), happen))

    @contextmanager
    def look(self) -> Iterator[float]:
        """Runs every action that is due, and yields the time. Other threads wait until the block ends."""
        with self._lock:
            now = self._clock()
            while self._to_come and self._to_come[0][0] <= now:
                time, _, happen = heapq.heappop(self._to_come)
                self._happening_at = time
                happen(time)
                self._happening_at = None
            yield now

    def clear(self) -> None:
        with self._lock:
            self._to_come.clear()
