"""Time that passes only when somebody sleeps."""

import time
from threading import Lock


class FakeClock:
    """Both `clock` and `sleep`; begins at the present, because Powertools dates its records by the real time, unless
    another beginning is given. The present is a whole second, which no timestamp rounds.
    """

    def __init__(self, now: float | None = None) -> None:
        self._now = float(int(time.time())) if now is None else now
        self._lock = Lock()
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            self.slept.append(seconds)

    def advance(self, seconds: float) -> None:
        self._now += seconds
