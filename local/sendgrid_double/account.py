"""The state of one SendGrid account: its contacts and its jobs. No HTTP in here.

Undocumented, and decided so: an id that is not in the account does not spoil a deletion (the job completes and
counts what it really deleted), unless `Settings.unknown_id_status` says otherwise; ids are compared without
regard to case; a delete-all takes what is there when the job runs, not when it was accepted; an identifier that
the contact does not have makes the job fail.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import get_args

from local.sendgrid_double.contact_store import ContactStore
from local.sendgrid_double.contacts import (
    Contact,
    ContactCount,
    IdentifierType,
    count_contacts,
    is_uuid,
    made_up_details,
)
from local.sendgrid_double.deletions import STEPS, Deletion
from local.sendgrid_double.exports import Exports
from local.sendgrid_double.jobs import ForcedEnding, Job, JobKind, JobStatus, spared
from local.sendgrid_double.settings import Settings, seconds_of
from local.sendgrid_double.timeline import Timeline
from local.sendgrid_double.upserts import ContactUpsert, upsert


class UnknownContact(LookupError):
    """The account has no contact with this id."""


class Account:
    """Contacts, jobs that change them some time after they were accepted, and exports.

    Safe to use from several threads.
    """

    def __init__(self, clock: Callable[[], float], settings: Settings) -> None:
        self.settings = settings
        self._timeline = Timeline(clock)
        self._contacts = ContactStore(self._timeline.now, lambda: settings.read_lag_seconds)
        self._billable = 0
        self._groups: set[str] = set()
        self._jobs: dict[str, Job] = {}
        self._forced_endings: deque[ForcedEnding] = deque()
        self.exports = Exports(self._timeline, settings, self._contacts)

    def clear(self) -> None:
        """Forgets all contacts, jobs, exports and what was to go wrong with them."""
        with self._timeline.look():
            self._timeline.clear()
            self._contacts.clear()
            self._billable = 0
            self._groups.clear()
            self._jobs.clear()
            self._forced_endings.clear()
            self.exports.clear()

    def add_contact(
        self,
        *,
        email: str = "",
        phone_number_id: str = "",
        external_id: str = "",
        anonymous_id: str = "",
        alternate_emails: Sequence[str] = (),
        list_ids: Sequence[str] = (),
        segment_ids: Sequence[str] = (),
        contact_id: str | None = None,
    ) -> str:
        """Adds a contact at once and returns its id. E-mail addresses are stored in lower case, as SendGrid does.

        Raises ValueError without any identifier, and for an id that is taken or not a UUID. That identifiers
        are unique is not checked.
        """
        if not (email or phone_number_id or external_id or anonymous_id):
            raise ValueError("a contact needs at least one identifier")
        if contact_id is not None and not is_uuid(contact_id):
            raise ValueError("a contact id has the form of a UUID")
        new_id = contact_id.lower() if contact_id else str(uuid.uuid4())
        with self._timeline.look() as now:
            if new_id in self._contacts:
                raise ValueError("this contact id is taken")
            self._contacts[new_id] = Contact(
                new_id,
                now,
                now,
                email.lower(),
                phone_number_id,
                external_id,
                anonymous_id,
                tuple(address.lower() for address in alternate_emails) if alternate_emails else (),
                tuple(list_ids),
                tuple(segment_ids),
                made_up_details(new_id),
            )
            self._billable += 1
            self._groups.update(list_ids, segment_ids)
        return new_id

    def contact(self, contact_id: str) -> Contact | None:
        with self._timeline.look():
            return self._contacts.get(contact_id.lower())

    def contacts(self) -> list[Contact]:
        with self._timeline.look():
            return list(self._contacts.values())

    def contact_ids(self) -> frozenset[str]:
        with self._timeline.look():
            return frozenset(self._contacts)

    def __contains__(self, contact_id: str) -> bool:
        return self.contact(contact_id) is not None

    def __len__(self) -> int:
        with self._timeline.look():
            return len(self._contacts)

    def read_contact(self, contact_id: str) -> Contact | None:
        """The contact as the API shows it, which may be as it was a moment ago."""
        with self._timeline.look():
            return self._contacts.read(contact_id.lower())

    def read_contacts(self) -> list[Contact]:
        """All contacts as the API shows them."""
        with self._timeline.look():
            return self._contacts.read_all()

    def count(self) -> ContactCount:
        """As the API shows it. Deleting a contact does not lower the billable count (observed 2026-07)."""
        with self._timeline.look():
            return count_contacts(self.read_contacts(), self._billable)

    def count_of(self, *, list_id: str = "", segment_id: str = "") -> int | None:
        """How many contacts a list or a segment has, as the API shows it. None if no contact was ever on it."""
        with self._timeline.look():
            if not self._groups & {list_id, segment_id}:
                return None
            return sum(
                list_id in contact.list_ids or segment_id in contact.segment_ids
                for contact in self.read_contacts()
            )

    def sampled_at(self) -> float:
        """When the samples of the segments were taken, as the API shows it."""
        return self._timeline.now() - self.settings.segment_sample_age_seconds

    def has_all(self, contact_ids: Iterable[str]) -> bool:
        """Whether there is a contact for each of these ids."""
        with self._timeline.look():
            return all(contact_id.lower() in self._contacts for contact_id in contact_ids)

    def delete_contacts(self, contact_ids: Iterable[str]) -> Job:
        ids = tuple(dict.fromkeys(contact_id.lower() for contact_id in contact_ids))
        return self._accept("delete", ids, len(ids))

    def delete_all(self) -> Job:
        with self._timeline.look():
            return self._accept("delete_all", (), len(self))

    def remove_identifier(self, contact_id: str, kind: IdentifierType, value: str) -> Job:
        """Raises UnknownContact; everything else that is wrong shows when the job runs."""
        with self._timeline.look():
            if contact_id not in self:
                raise UnknownContact(contact_id)
            run = partial(self._remove_identifier, kind, value)
            return self._accept("remove_identifier", (contact_id.lower(),), 1, run, (kind, value))

    def upsert_contacts(self, upserts: Sequence[ContactUpsert], list_ids: Iterable[str] = ()) -> Job:
        """Everything that is wrong with an upsert shows when the job runs."""
        run = partial(self._upsert, tuple(upserts), tuple(list_ids))
        return self._accept("upsert", (), len(upserts), run)

    def job(self, job_id: str) -> Job | None:
        with self._timeline.look():
            return self._jobs.get(job_id)

    def jobs(self) -> list[Job]:
        """All jobs, in the order they were accepted."""
        with self._timeline.look():
            return list(self._jobs.values())

    def force_next_jobs(self, ending: ForcedEnding, count: int = 1) -> None:
        """The next `count` accepted jobs end so (see `jobs.ForcedEnding`). Raises ValueError for any other ending."""
        if ending not in get_args(ForcedEnding):
            raise ValueError(f"a job can be forced to end {', '.join(get_args(ForcedEnding))}")
        with self._timeline.look():
            self._forced_endings.extend([ending] * count)

    def _accept(
        self,
        kind: JobKind,
        contact_ids: tuple[str, ...],
        requested_count: int,
        run: "_Run | None" = None,
        identifier: tuple[IdentifierType, str] | None = None,
    ) -> Job:
        with self._timeline.look() as now:
            job = Job(
                id=str(uuid.uuid4()),
                kind=kind,
                contact_ids=contact_ids,
                requested_count=requested_count,
                started_at=now,
                identifier=identifier,
                forced_ending=self._forced_endings.popleft() if self._forced_endings else None,
            )
            self._jobs[job.id] = job
            starts_at = now + seconds_of(self.settings.job_delay)
            ends_at = starts_at + (0 if run else seconds_of(self.settings.deletion_seconds))
            runs_at = max(now, ends_at - self.settings.counts_early_seconds)
            if job.forced_ending != "pending":
                take_effect = run or self._deletion(job, starts_at, runs_at)
                self._timeline.at(runs_at, partial(self._run, job, take_effect, ends_at))
            return job

    def _deletion(self, job: Job, starts_at: float, runs_at: float) -> "_Run":
        """A deletion takes its time: its contacts disappear between these moments."""
        deletion = Deletion(self._contacts, job)
        if starts_at < runs_at:
            self._timeline.at(starts_at, deletion.start)
            for step in range(1, STEPS):
                self._timeline.at(starts_at + (runs_at - starts_at) * step / STEPS, deletion.proceed)
        return deletion.end

    def _run(self, job: Job, run: "_Run", ends_at: float, now: float) -> None:
        ended = replace(run(job, now), ran_at=now)
        self._jobs[job.id] = replace(ended, status="pending")
        self._timeline.at(ends_at, partial(self._finish, ended))

    def _finish(self, ended: Job, now: float) -> None:
        self._jobs[ended.id] = replace(ended, finished_at=now)

    def _remove_identifier(self, kind: IdentifierType, value: str, job: Job, at: float) -> Job:
        contact = self._contacts.get(job.contact_ids[0])
        if job.forced_ending == "completed":
            return replace(job, status="completed")
        if contact is None or job.forced_ending or not contact.can_lose(kind, value):
            return replace(job, status=job.forced_ending or "failed", errored_count=1)
        self._contacts[contact.id] = contact.without(kind, at)
        return replace(job, status="completed")

    def _upsert(
        self, upserts: tuple[ContactUpsert, ...], list_ids: tuple[str, ...], job: Job, at: float
    ) -> Job:
        left_out = spared(job, len(upserts))
        counts = upsert(self._contacts, upserts[left_out:], list_ids, at)
        self._groups.update(list_ids)
        self._billable += counts.created
        errored = counts.errored + (0 if job.forced_ending == "completed" else left_out)
        true_ending: JobStatus = (
            "failed" if errored == len(upserts) else "errored" if errored else "completed"
        )
        return replace(
            job,
            status=job.forced_ending or true_ending,
            contact_ids=counts.contact_ids,
            created_count=counts.created,
            updated_count=counts.updated,
            errored_count=errored,
        )


_Run = Callable[[Job, float], Job]
"""Lets a job take effect, at a time; gives it as it ended."""
