"""The time of a double."""

from collections.abc import Callable
from threading import Lock


class Clock:
    """Seconds since the epoch: the time of another clock, and what this one was advanced by."""

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self._ahead = 0.0
        self._lock = Lock()

    def __call__(self) -> float:
        return self._base() + self._ahead

    def advance(self, seconds: float) -> None:
        """Raises ValueError for a time that would go back, or never end."""
        if not 0 <= seconds < float("inf"):
            raise ValueError("the clock is advanced by a number of seconds, 0 or more")
        with self._lock:
            self._ahead += seconds
