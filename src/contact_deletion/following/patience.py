"""How long a job is waited for. SendGrid documents no time within which a job starts, or ends."""

FIRST_QUESTION_SECONDS = 30
"""Nothing was seen to happen to a job before (observed 2026-07)."""

MOST_SECONDS_BETWEEN = 900

SETTLING_SECONDS = 15 * 60.0
"""How long after acceptance SendGrid may not know the job yet, or still show a contact that it has deleted."""

GIVE_UP_SECONDS = 24 * 60 * 60.0
"""A job that has not ended after this has never been seen to end: jobs stuck for more than 6 hours are reported."""


def ask_again_after(age: float | None) -> int:
    """Seconds: as long as has been waited already, so that the pauses double."""
    return round(min(max(age or 0.0, FIRST_QUESTION_SECONDS), MOST_SECONDS_BETWEEN))
