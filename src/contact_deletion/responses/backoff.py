"""When a deferred message is delivered again."""

import math

from contact_deletion.errors import Deferred, RequestInProgress

FIRST_SECONDS = 30.0

# With the queues' maxReceiveCount, the growing delays outlast a 12-hour outage; a test holds them to it.
MAX_SECONDS = 900.0

IN_PROGRESS_MAX_SECONDS = 60.0
LEAST_JITTER = 0.5

# More than it takes to MAX_SECONDS, and a power that a float can hold.
_MOST_DOUBLINGS = 10


def visibility_timeout(outcome: Deferred, receive_count: int, jitter: float) -> int:
    """Seconds, at least the outcome's `retry_after`; `jitter` is from LEAST_JITTER to 1."""
    most = IN_PROGRESS_MAX_SECONDS if isinstance(outcome, RequestInProgress) else MAX_SECONDS
    grown = min(most, FIRST_SECONDS * 2.0 ** min(receive_count - 1, _MOST_DOUBLINGS))
    return math.ceil(max(outcome.retry_after, grown * jitter))
