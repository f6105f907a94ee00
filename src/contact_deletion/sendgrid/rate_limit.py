"""What SendGrid last said of one endpoint's rate limit, so that it is kept before it is exceeded."""

import math
from collections.abc import Mapping
from threading import Lock

from contact_deletion.deadline import Clock

MAX_CALLS_AT_ONCE = 8
SHARED_BY = 2
"""Execution environments that may spend the same window at the same time: the queue's MaximumConcurrency."""

MAX_WINDOW_SECONDS = 900.0
"""A Reset further away is not believed; the windows seen are of a minute or less."""

RESET_MARGIN_SECONDS = 0.25
"""Reset is told in whole seconds."""

_UNTOLD_WINDOW_SECONDS = 60.0
"""How long an answer without rate limit headers is taken to mean that there is no limit."""

_UNTOLD_REFUSAL_SECONDS = 5.0
"""How long to wait after a 429 that does not say when the window ends."""

_EPOCH_FROM = 1e9
_SAME_WINDOW_SECONDS = 1.0


class RateLimit:
    """The window of one endpoint, shared by the threads that call it.

    Of a window that nothing is known of, the first call goes alone; its answer tells how many may follow.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._remaining = math.inf
        self._ends_at = 0.0
        self._under_way = 0

    def try_start(self, in_flight: int = 0) -> bool:
        """Whether a call may start now beside `in_flight` others; a true answer counts it as started."""
        with self._lock:
            if self._clock() >= self._ends_at:
                may_start = in_flight == 0
            else:
                at_once = max(1, min(SHARED_BY * MAX_CALLS_AT_ONCE, self._remaining) // SHARED_BY)
                may_start = self._remaining >= 1 and in_flight < at_once
            if may_start:
                self._remaining -= 1
                self._under_way = in_flight + 1
            return may_start

    def seconds_until_reset(self) -> float:
        return max(0.0, self._ends_at - self._clock())

    def observe(self, headers: Mapping[str, str], *, refused: bool) -> None:
        """Learns from an answer's headers; `refused` says that it was a 429.

        `X-RateLimit-Reset` is epoch seconds in Twilio's docs, seconds left in answers seen in 2026-07: both are read.
        """
        now = self._clock()
        remaining = _number(headers.get("X-RateLimit-Remaining"))
        ends_at = _end_of_window(headers, now)
        with self._lock:
            self._under_way = max(0, self._under_way - 1)
            if refused:
                self._remaining = 0
                self._ends_at = max(ends_at or now + _UNTOLD_REFUSAL_SECONDS, now + 1)
            elif remaining is not None and ends_at is not None:
                self._adopt(remaining, ends_at, now)
            elif now >= self._ends_at:
                self._remaining = math.inf
                self._ends_at = now + _UNTOLD_WINDOW_SECONDS

    def _adopt(self, remaining: float, ends_at: float, now: float) -> None:
        """Answers overtake each other: of one window the least remaining counts, and an older window's is not news."""
        newer = ends_at > self._ends_at + _SAME_WINDOW_SECONDS
        if newer or now >= self._ends_at or self._remaining == math.inf:
            # Of the calls under way nobody here knows which window they fall into.
            self._remaining, self._ends_at = remaining - self._under_way, ends_at
        elif ends_at >= self._ends_at - _SAME_WINDOW_SECONDS:
            self._remaining = min(self._remaining, remaining)
            self._ends_at = max(self._ends_at, ends_at)


def _end_of_window(headers: Mapping[str, str], now: float) -> float | None:
    reset = _number(headers.get("X-RateLimit-Reset"))
    if reset is None:
        return None
    seconds_left = reset - now if reset > _EPOCH_FROM else reset
    return now + min(seconds_left, MAX_WINDOW_SECONDS) + RESET_MARGIN_SECONDS


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
