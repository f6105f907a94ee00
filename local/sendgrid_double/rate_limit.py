"""SendGrid's rate limit: a fixed number of calls per endpoint and window, told in headers of every answer."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """`limit` calls per endpoint in `window_seconds`.

    `reset` is how X-RateLimit-Reset tells the window's end: seconds since the epoch (as Twilio documents) or
    seconds left (as observed 2026-07), rounded up, so that who waits as told does not come too early.
    """

    limit: int
    window_seconds: float
    reset: Literal["epoch", "seconds"] = "epoch"

    def __post_init__(self) -> None:
        if self.limit < 1 or self.window_seconds <= 0 or self.reset not in ("epoch", "seconds"):
            raise ValueError("a rate limit has limit >= 1, window_seconds > 0 and reset 'epoch' or 'seconds'")


@dataclass(frozen=True)
class Allowance:
    """Whether a call is within the limit, and the headers that go with its answer."""

    exceeded: bool
    headers: dict[str, str]


@dataclass
class _Window:
    ends_at: float
    calls: int = 0


@dataclass(frozen=True)
class Usage:
    """Of an open window: calls counted, how many are allowed, and when it ends, by the double's clock."""

    calls: int
    limit: int
    ends_at: float


class RateLimiter:
    """Counts the calls of each endpoint. A window opens with the first call after the last one has ended."""

    def __init__(self, clock: Callable[[], float], rate_limit: RateLimit | None) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.configure(rate_limit)

    def configure(self, rate_limit: RateLimit | None) -> None:
        """Sets the limit (None: none, and no headers) and opens new windows."""
        with self._lock:
            self._rate_limit = rate_limit
            self._windows: dict[str, _Window] = {}

    def restart(self) -> None:
        """Opens new windows under the same limit."""
        self.configure(self._rate_limit)

    def take(self, endpoint: str) -> Allowance:
        """Counts one call of the endpoint."""
        with self._lock:
            if self._rate_limit is None:
                return Allowance(exceeded=False, headers={})
            now = self._clock()
            window = self._windows.get(endpoint)
            if window is None or now >= window.ends_at:
                window = self._windows[endpoint] = _Window(now + self._rate_limit.window_seconds)
            window.calls += 1
            return self._allowance(self._rate_limit, window, now)

    def usage(self, endpoint: str) -> Usage | None:
        """None where the endpoint has no open window."""
        with self._lock:
            window = self._windows.get(endpoint)
            if self._rate_limit is None or window is None or self._clock() >= window.ends_at:
                return None
            return Usage(window.calls, self._rate_limit.limit, window.ends_at)

    @staticmethod
    def _allowance(rate_limit: RateLimit, window: _Window, now: float) -> Allowance:
        reset = window.ends_at if rate_limit.reset == "epoch" else window.ends_at - now
        return Allowance(
            exceeded=window.calls > rate_limit.limit,
            headers={
                "X-RateLimit-Limit": str(rate_limit.limit),
                "X-RateLimit-Remaining": str(max(0, rate_limit.limit - window.calls)),
                "X-RateLimit-Reset": str(math.ceil(reset)),
            },
        )
