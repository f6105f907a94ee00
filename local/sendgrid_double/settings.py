"""How an account behaves, apart from what is made to go wrong."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

Delay = float | Callable[[], float]
"""Seconds, or what makes them anew for each job or export."""


@dataclass(kw_only=True)
class Settings:
    """May be changed at any time; what is already under way keeps to the old ones, unless said otherwise.

    job_delay: from a 202 until its job has ended (about 30 s observed, 2026-07).
    job_hidden_seconds: how long a job that was just accepted is a 404 for who asks; for all jobs at once.
    counts_early_seconds: how long before its end a job takes effect and shows its counts, still `pending`
        (observed of an upsert, 2026-07).
    job_type: what a deletion job calls itself (`delete` documented, no recording known).
    upsert_job_type: what an upsert job calls itself (`upsert` documented, `upsert_contacts` observed, 2026-07).
    export_delay: from a 202 until the export takes its snapshot of the contacts and is ready.
    export_lifetime_seconds: from the 202 until the download links expire (12 h documented).
    export_part_contacts: so many contacts in a file at most; None leaves it to the export's `max_file_size`.
    """

    job_delay: Delay = 30.0
    job_hidden_seconds: float = 0.0
    counts_early_seconds: float = 0.0
    job_type: str = "delete"
    upsert_job_type: str = "upsert_contacts"
    export_delay: Delay = 30.0
    export_lifetime_seconds: float = 12 * 3600.0
    export_part_contacts: int | None = None

    def __post_init__(self) -> None:
        """Raises ValueError, or TypeError for what is not even a number."""
        durations = (
            self.job_delay,
            self.job_hidden_seconds,
            self.counts_early_seconds,
            self.export_delay,
            self.export_lifetime_seconds,
        )
        if any(not callable(seconds) and seconds < 0 for seconds in durations):
            raise ValueError("a duration is not negative")
        if self.export_part_contacts is not None and self.export_part_contacts < 1:
            raise ValueError("a file has room for a contact at least")

    def change(self, **changes: object) -> None:
        """Changes all of these settings or, raising TypeError or ValueError, none."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        for field in fields(self):
            setattr(self, field.name, getattr(changed, field.name))


def seconds_of(delay: Delay) -> float:
    return delay() if callable(delay) else delay
