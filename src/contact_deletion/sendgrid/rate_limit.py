"""The rate limit of an endpoint, as the last responses report it, so that it is not exceeded."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from threading import Lock

from contact_deletion.deadline import Clock

MAX_CALLS_AT_ONCE = 8

# Execution environments that may use the same window at the same time: the queue's MaximumConcurrency.
MAX_CONSUMERS = 2

# A later Reset is ignored. The observed windows have a minute or less.
MAX_WINDOW_SECONDS = 900.0

# SendGrid's clock differs from ours. A call that still comes too early costs only itself, since the first goes alone.
RESET_MARGIN_SECONDS = 0.1

# How long a response without rate limit headers is taken to mean that there is no limit.
_ASSUMED_WINDOW_SECONDS = 60.0

# How long to wait after a 429 that does not say when the window ends.
_ASSUMED_RESET_SECONDS = 5.0

# How recent a response must be for concurrent calls, in a window that others use too.
_FRESH_SECONDS = 0.2

_EPOCH_FROM = 1e9

# How much the ends of one window may differ between responses: Reset is rounded to a second.
_SAME_WINDOW_SECONDS = 1.5


class RateLimit:
    """The rate limit window of one endpoint, shared by the threads that call it.

    In a window that nothing is known about, the first call goes alone, and its response says how many may follow.
    Where fewer calls are left than the calls made here explain, other execution environments use the same window, and
    what is known about it is out of date after every pause: the first call then goes alone again.
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
        """Whether a call may start now beside `in_flight` others. If so, it is counted as started."""
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
        """The calls that must be left. All environments would start the last call of a shared window at once."""
        return MAX_CONSUMERS if self._is_shared else 1

    def seconds_until_reset(self) -> float:
        return max(0.0, self._ends_at - self._clock())

    def update_from_headers(self, headers: Mapping[str, str], *, refused: bool) -> None:
        """Updates the window from the headers of a response; `refused` says that it was a 429.

        `X-RateLimit-Reset` is epoch seconds in Twilio's docs, and seconds left in responses observed in 2026-07. Both
        are read.
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
        """Adopts what a response reports. Responses overtake each other, so within a window the least remaining counts.

        So does the earliest end: the seconds left are taken to be rounded up, as Envoy does it, whose header SendGrid
        sends beside a 429 (Twilio's specification of recipients' data erasure).
        """
        is_known = now < self._ends_at and self._remaining != math.inf
        if is_known and self._is_same_window(ends_at):
            self._is_shared = self._is_shared or remaining < self._opened_with - self._started
            self._remaining = min(self._remaining, remaining)
            self._ends_at = min(self._ends_at, ends_at)
        elif not is_known or ends_at > self._ends_at:
            # It is not known into which window the calls under way fall.
            self._remaining, self._ends_at = remaining - self._under_way, ends_at
            self._opened_with, self._started, self._is_shared = remaining, self._under_way, False

    def _is_same_window(self, ends_at: float) -> bool:
        return abs(ends_at - self._ends_at) <= _SAME_WINDOW_SECONDS


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks to wait, given as seconds or as a date (RFC 9110, section 10.2.3).

    None where the header is missing or invalid. The result is at most MAX_WINDOW_SECONDS.
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
