"""How long an invocation may still work."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

Clock = Callable[[], float]
"""Seconds since the epoch."""

Sleep = Callable[[float], None]

RESERVED_SECONDS = 10.0
"""Kept back from every invocation for the ledger, the dead-letter queue and the visibility timeouts."""


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int: ...


class Deadline:
    """The moment by which calls to SendGrid must have ended, and `invocation_ends`, when Lambda stops the process.

    Both are seconds since the epoch on `clock`.
    """

    def __init__(self, invocation_ends: float, clock: Clock) -> None:
        self.invocation_ends = invocation_ends
        self._clock = clock

    @classmethod
    def of(cls, context: LambdaContext, clock: Clock) -> "Deadline":
        return cls(clock() + context.get_remaining_time_in_millis() / 1000, clock)

    def remaining(self) -> float:
        """Seconds left for calls to SendGrid; negative when there are none."""
        return self.invocation_ends - RESERVED_SECONDS - self._clock()


def timestamp(seconds: float) -> str:
    """A moment, in seconds since the epoch, in ISO 8601 with milliseconds and the offset of UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
