"""The real clock, and what was skipped."""

import threading
import time


class SkippingClock:
    """Called, it gives seconds since the epoch. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._skipped = 0.0

    def __call__(self) -> float:
        return time.time() + self._skipped

    def sleep(self, seconds: float) -> None:
        """Takes no time."""
        with self._lock:
            self._skipped += seconds
