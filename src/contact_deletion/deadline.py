"""The time that an invocation has left."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

# Seconds since the epoch.
Clock = Callable[[], float]

Sleep = Callable[[float], None]

# Reserved at the end of every invocation for the ledger, the dead-letter queue and the visibility timeouts.
RESERVED_SECONDS = 10.0


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int: ...


class Deadline:
    """The time by which calls to SendGrid must have ended.

    `invocation_ends` is when Lambda stops the process, in seconds since the epoch on `clock`.
    """

    def __init__(self, invocation_ends: float, clock: Clock) -> None:
        self.invocation_ends = invocation_ends
        self._clock = clock

    @classmethod
    def of(cls, context: LambdaContext, clock: Clock) -> "Deadline":
        return cls(clock() + context.get_remaining_time_in_millis() / 1000, clock)

    def remaining(self) -> float:
        """Seconds left for calls to SendGrid; negative when there is no time left."""
        return self.invocation_ends - RESERVED_SECONDS - self._clock()


def timestamp(seconds: float) -> str:
    """Formats a time in seconds since the epoch as ISO 8601, with milliseconds and the offset of UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
