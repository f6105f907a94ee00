"""How long a job, or an export, is waited for. SendGrid documents no time within which one starts, or ends."""

FIRST_POLL_SECONDS = 30
"""Nothing was seen to happen to a job before (observed 2026-07)."""

MAX_POLL_INTERVAL_SECONDS = 900

CONSISTENCY_WINDOW_SECONDS = 15 * 60.0
"""How long after acceptance SendGrid may not know a job or export yet, or still show a deleted contact."""

GIVE_UP_SECONDS = 24 * 60 * 60.0
"""A job that has not ended after this has never been seen to end: jobs stuck for more than 6 hours are reported."""


def next_poll_delay(age: float | None, most: float = MAX_POLL_INTERVAL_SECONDS) -> int:
    """Seconds: as long as has been waited already, so that the pauses double, and `most` in the end."""
    return round(min(max(age or 0.0, FIRST_POLL_SECONDS), most))
