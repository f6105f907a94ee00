"""How an account behaves, apart from what is made to go wrong."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

Delay = float | Callable[[], float]
"""Seconds, or what makes them for each job or export."""

UnknownIdStatus = Literal[202, 400, 404]


@dataclass(kw_only=True)
class Settings:
    """May be changed at any time; what is already under way keeps to the old ones, unless said otherwise.

    job_delay: from a 202 until its job has ended (about 30 s observed, 2026-07).
    deletion_seconds: how much longer a deletion takes, in which its contacts disappear one after the other (one was
        observed to be done within 13 minutes, 2026-07).
    unknown_id_status: the status of a deletion that names an id without a contact: 202 or, for the call as a whole, 404
        (documented for the contacts of a list) or 400 (no recording is known).
    read_lag_seconds: how old a change to the contacts must be for reads, counts and searches to show it; changes made
        before this is set are shown.
    job_hidden_seconds: how long a job that was just accepted is a 404 for who asks; for all jobs at once.
    counts_early_seconds: how long before its end a job takes effect and shows its counts, still `pending`
        (observed of an upsert, 2026-07).
    job_lifetime_seconds: from the 202 until a job is a 404 again; None for never (not known).
    job_type: what a deletion job calls itself (`delete` documented, no recording known).
    upsert_job_type: what an upsert job calls itself (`upsert` documented, `upsert_contacts` observed, 2026-07).
    export_delay: from a 202 until the export takes its snapshot of the contacts and is ready.
    export_lifetime_seconds: from the 202 until the download links expire (12 h documented).
    export_part_contacts: so many contacts in a file at most; None leaves it to the export's `max_file_size`.
    export_member_contacts: a file is several gzip members of so many contacts at most, each with a header of its own;
        None for one member.
    export_links_rotate: each response has an export's links in another order.
    segment_sample_age_seconds: how old a segment says that its sample is (up to a day documented); its count is the
        true one all the same.
    on_behalf_of_is_case_sensitive: only a header named exactly `On-Behalf-Of` chooses a subuser; another
        spelling is ignored, and the response is the parent account's (reported to Twilio).
    """

    job_delay: Delay = 30.0
    deletion_seconds: Delay = 0.0
    unknown_id_status: UnknownIdStatus = 202
    read_lag_seconds: float = 0.0
    job_hidden_seconds: float = 0.0
    counts_early_seconds: float = 0.0
    job_lifetime_seconds: float | None = None
    job_type: str = "delete"
    upsert_job_type: str = "upsert_contacts"
    export_delay: Delay = 30.0
    export_lifetime_seconds: float = 12 * 3600.0
    export_part_contacts: int | None = None
    export_member_contacts: int | None = None
    export_links_rotate: bool = False
    segment_sample_age_seconds: float = 0.0
    on_behalf_of_is_case_sensitive: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError, or TypeError for what is not even a number."""
        durations = (
            self.job_delay,
            self.deletion_seconds,
            self.read_lag_seconds,
            self.job_lifetime_seconds or 0,
            self.job_hidden_seconds,
            self.counts_early_seconds,
            self.export_delay,
            self.export_lifetime_seconds,
            self.segment_sample_age_seconds,
        )
        if any(not callable(seconds) and seconds < 0 for seconds in durations):
            raise ValueError("a duration is not negative")
        if self.unknown_id_status not in get_args(UnknownIdStatus):
            raise ValueError("an unknown id is a 202, a 400 or a 404")
        rooms = (self.export_part_contacts, self.export_member_contacts)
        if any(contacts is not None and contacts < 1 for contacts in rooms):
            raise ValueError("a file, and a member of it, has room for a contact at least")

    def change(self, **changes: object) -> None:
        """Changes all of these settings or, raising TypeError or ValueError, none."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        for field in fields(self):
            setattr(self, field.name, getattr(changed, field.name))


def seconds_of(delay: Delay) -> float:
    return delay() if callable(delay) else delay
