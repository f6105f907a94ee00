"""SendGrid's rate limit: a fixed number of calls per endpoint and window, stated in headers of every response."""

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """`limit` calls per endpoint in `window_seconds`.

    `by_endpoint` has other limits by method and documented path, in which `*` stands for anything; the first
    that matches counts. Windows that are `aligned` end at multiples of their length since the epoch, those of
    60 seconds on the full minute (observed 2026-07 of every window); others begin with a call.

    `reset` is the form of X-RateLimit-Reset, the end of the window: seconds since the epoch (as Twilio documents) or
    seconds left (as observed 2026-07), rounded up, so that a client that waits as long does not come too early.
    """

    limit: int
    window_seconds: float
    reset: Literal["epoch", "seconds"] = "epoch"
    by_endpoint: Mapping[str, int] = field(default_factory=dict)
    aligned: bool = False

    def __post_init__(self) -> None:
        limits = (self.limit, *self.by_endpoint.values())
        if min(limits) < 1 or self.window_seconds <= 0 or self.reset not in ("epoch", "seconds"):
            raise ValueError("a rate limit has limit >= 1, window_seconds > 0 and reset 'epoch' or 'seconds'")

    def limit_of(self, endpoint: str) -> int:
        """Calls of this endpoint ("GET /v3/marketing/contacts") in a window."""
        matching = (limit for pattern, limit in self.by_endpoint.items() if fnmatchcase(endpoint, pattern))
        return next(matching, self.limit)

    def window_end(self, now: float) -> float:
        """When a window ends that begins now."""
        if self.aligned:
            return (now // self.window_seconds + 1) * self.window_seconds
        return now + self.window_seconds


# As in recordings of live responses (2026-07): GET contacts 600, POST search 200. That of a DELETE is not known.
OBSERVED = RateLimit(
    limit=600,
    window_seconds=60,
    reset="seconds",
    by_endpoint={"POST /v3/marketing/contacts/search*": 200},
    aligned=True,
)


@dataclass(frozen=True)
class Allowance:
    """Whether a call is within the limit, and the headers of its response."""

    exceeded: bool
    headers: dict[str, str]


@dataclass
class _Window:
    limit: int
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
                window = _Window(self._rate_limit.limit_of(endpoint), self._rate_limit.window_end(now))
                self._windows[endpoint] = window
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
            exceeded=window.calls > window.limit,
            headers={
                "X-RateLimit-Limit": str(window.limit),
                "X-RateLimit-Remaining": str(max(0, window.limit - window.calls)),
                "X-RateLimit-Reset": str(math.ceil(reset)),
            },
        )
