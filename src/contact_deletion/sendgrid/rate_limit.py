"""What SendGrid last said of one endpoint's rate limit, so that it is kept before it is exceeded."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from threading import Lock

from contact_deletion.deadline import Clock

MAX_CALLS_AT_ONCE = 8
MAX_CONSUMERS = 2
"""Execution environments that may spend the same window at the same time: the queue's MaximumConcurrency."""

MAX_WINDOW_SECONDS = 900.0
"""A Reset further away is not believed; the windows seen are of a minute or less."""

RESET_MARGIN_SECONDS = 0.1
"""SendGrid's clock is not ours; who comes too early all the same loses one call, since the first goes alone."""

_ASSUMED_WINDOW_SECONDS = 60.0
"""How long an answer without rate limit headers is taken to mean that there is no limit."""

_ASSUMED_RESET_SECONDS = 5.0
"""How long to wait after a 429 that does not say when the window ends."""

_FRESH_SECONDS = 0.2
"""How old an answer may be that calls start on side by side, in a window that others spend too."""

_EPOCH_FROM = 1e9
_SAME_WINDOW_SECONDS = 1.5
"""How much later than another an answer of the same window may say that it ends: Reset is rounded to a second."""


class RateLimit:
    """The window of one endpoint, shared by the threads that call it.

    Of a window that nothing is known of, the first call goes alone; its answer tells how many may follow. Where less
    is left than the calls made here explain, other execution environments spend the same window, and what is known of
    it is out of date after every pause: the first call then goes alone again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._remaining = math.inf
        self._ends_at = -math.inf
        self._under_way = 0
        self._opened_with = math.inf
        self._started = 0
        self._is_shared = False
        self._probing = False
        self._observed_at = -math.inf

    def try_acquire(self, in_flight: int = 0) -> bool:
        """Whether a call may start now beside `in_flight` others; a true answer counts it as started."""
        with self._lock:
            now = self._clock()
            is_open = now < self._ends_at
            if in_flight:
                may_start = is_open and not self._probing and in_flight < self._concurrency()
            else:
                may_start = not is_open or self._remaining >= self._least()
                self._probing = not is_open or (self._is_shared and now > self._observed_at + _FRESH_SECONDS)
            if may_start:
                self._remaining -= 1
                self._started += 1
                self._under_way = in_flight + 1
            return may_start

    def _concurrency(self) -> float:
        return min(MAX_CONSUMERS * MAX_CALLS_AT_ONCE, self._remaining) // MAX_CONSUMERS

    def _least(self) -> int:
        """The last call of a window that others spend too would be everybody's at once."""
        return MAX_CONSUMERS if self._is_shared else 1

    def seconds_until_reset(self) -> float:
        return max(0.0, self._ends_at - self._clock())

    def update_from_headers(self, headers: Mapping[str, str], *, refused: bool) -> None:
        """Learns from an answer's headers; `refused` says that it was a 429.

        `X-RateLimit-Reset` is epoch seconds in Twilio's docs, seconds left in answers seen in 2026-07: both are read.
        """
        now = self._clock()
        remaining = _number(headers, "X-RateLimit-Remaining")
        ends_at = _end_of_window(headers, now)
        with self._lock:
            self._under_way = max(0, self._under_way - 1)
            self._probing, self._observed_at = False, now
            if refused:
                self._refuse(ends_at or now + (retry_after(headers, now) or _ASSUMED_RESET_SECONDS), now)
            elif remaining is not None and ends_at is not None:
                self._adopt(remaining, ends_at, now)
            elif now >= self._ends_at:
                self._remaining = math.inf
                self._ends_at = now + _ASSUMED_WINDOW_SECONDS

    def _refuse(self, ends_at: float, now: float) -> None:
        if self._is_same_window(ends_at):
            ends_at = min(ends_at, self._ends_at)
        self._remaining = 0
        self._ends_at = max(ends_at, now + 1)

    def _adopt(self, remaining: float, ends_at: float, now: float) -> None:
        """Answers overtake each other: of one window the least remaining counts, and an older window's is not news.

        So does the earliest end: the seconds left are taken to be rounded up, as Envoy does it, whose header SendGrid
        sends beside a 429 (Twilio's specification of recipients' data erasure).
        """
        is_known = now < self._ends_at and self._remaining != math.inf
        if is_known and self._is_same_window(ends_at):
            self._is_shared = self._is_shared or remaining < self._opened_with - self._started
            self._remaining = min(self._remaining, remaining)
            self._ends_at = min(self._ends_at, ends_at)
        elif not is_known or ends_at > self._ends_at:
            # Of the calls under way nobody here knows which window they fall into.
            self._remaining, self._ends_at = remaining - self._under_way, ends_at
            self._opened_with, self._started, self._is_shared = remaining, self._under_way, False

    def _is_same_window(self, ends_at: float) -> bool:
        return abs(ends_at - self._ends_at) <= _SAME_WINDOW_SECONDS


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks to wait, given as seconds or as a date (RFC 9110, section 10.2.3).

    None where there is no such header or it makes no sense. A longer time than MAX_WINDOW_SECONDS is not believed.
    """
    seconds = _number(headers, "Retry-After")
    if seconds is None:
        try:
            seconds = parsedate_to_datetime(headers["Retry-After"]).timestamp() - now
        except (KeyError, ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_WINDOW_SECONDS)


def _end_of_window(headers: Mapping[str, str], now: float) -> float | None:
    reset = _number(headers, "X-RateLimit-Reset")
    if reset is None:
        return None
    seconds_left = reset - now if reset > _EPOCH_FROM else reset
    return now + min(seconds_left, MAX_WINDOW_SECONDS) + RESET_MARGIN_SECONDS


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(headers[name])
    except (KeyError, ValueError):
        return None
    return value if math.isfinite(value) and value >= 0 else None
