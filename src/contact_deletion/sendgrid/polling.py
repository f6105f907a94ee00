"""When jobs and exports are polled, and for how long. SendGrid documents no time within which they start or end."""

# No job was observed to change its state earlier (2026-07).
FIRST_POLL_SECONDS = 30

MAX_POLL_INTERVAL_SECONDS = 900

# For so long after acceptance SendGrid may not know a job or export yet, or may still show a deleted contact.
CONSISTENCY_WINDOW_SECONDS = 15 * 60.0

# No later end of a job is known. Jobs that were stuck for more than 6 hours are reported.
GIVE_UP_SECONDS = 24 * 60 * 60.0


def next_poll_delay(age: float | None, most: float = MAX_POLL_INTERVAL_SECONDS) -> int:
    """Seconds to wait before the next poll: the age of the job, so that the delays double, and at most `most`."""
    return round(min(max(age or 0.0, FIRST_POLL_SECONDS), most))
