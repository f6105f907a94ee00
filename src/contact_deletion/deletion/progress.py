"""The states of the contact IDs of a batch."""

from collections.abc import Iterable, Sequence
from itertools import count

from contact_deletion.errors import Deferred, Failure, SendGridRefused, SendGridUnavailable
from contact_deletion.outcomes import START, Accepted, Checkpoint, DeletionOutcome
from contact_deletion.requests.bulk_deletion import BulkDelete

NOTHING_TO_DO = "nothing to do: none of the contacts exists"

# The number of refused IDs that an error names.
MAX_NAMED = 100

# HTTP statuses that one bad ID can cause. SendGrid does not document its answer to an ID that it does not know.
ABOUT_THE_IDS = frozenset({400, 404})

STILL_SHOWN = SendGridUnavailable("SendGrid refuses to delete contacts that it shows")


class Progress:
    """For each contact ID its job, or that it does not exist, or why it is not deleted.

    Within `consistency_window_seconds` after a deletion, SendGrid may still show a contact and refuse to delete it.
    """

    def __init__(self, consistency_window_seconds: float) -> None:
        self._window = consistency_window_seconds
        self._jobs: dict[str, str] = {}
        self._gone: set[str] = set()
        self._failures: dict[str, Failure] = {}
        self._parts = count(1)

    @property
    def any_accepted(self) -> bool:
        return bool(self._jobs)

    def accepted(self, contact_ids: Iterable[str], job_id: str) -> None:
        self._jobs.update(dict.fromkeys(contact_ids, job_id))

    def gone(self, contact_ids: Iterable[str]) -> None:
        """These contacts do not exist, so the goal of their deletion is reached."""
        for contact_id in contact_ids:
            self._gone.add(contact_id)
            self._failures.pop(contact_id, None)

    def fail(self, contact_ids: Iterable[str], failure: Failure, *, part: bool = False) -> None:
        """Records the failure. The requests of a deferred `part` of a divided call come back at a time of their own."""
        if part and isinstance(failure, Deferred):
            failure = failure.in_part(next(self._parts))
        self._failures.update(dict.fromkeys(contact_ids, failure))

    def refused(self, contact_ids: Iterable[str]) -> list[str]:
        """Those of the contacts whose deletion SendGrid refused for their IDs."""
        return [contact_id for contact_id in contact_ids if _is_about_the_ids(self._failures.get(contact_id))]

    def of(
        self, request: BulkDelete, pending: Sequence[str], before: Checkpoint, now: float
    ) -> tuple[DeletionOutcome, Checkpoint]:
        """The outcome of a request with these pending IDs, and the checkpoint that it has reached.

        A request with an ID worth retrying is retried, whatever the outcome of its other IDs.
        """
        job_ids = tuple(
            dict.fromkeys(self._jobs[contact_id] for contact_id in pending if contact_id in self._jobs)
        )
        failed = [contact_id for contact_id in pending if contact_id in self._failures]
        if not failed:
            note = "" if job_ids else NOTHING_TO_DO
            return Accepted(job_ids, len(request.contact_ids), note=note), START
        done = before.done.union(
            contact_id for contact_id in pending if contact_id in self._jobs or contact_id in self._gone
        )
        checkpoint = self._checkpoint(failed, done, before, now)
        is_doubtful = bool(checkpoint.refused) and now < checkpoint.refused_at + self._window
        return self._failure(failed, is_doubtful=is_doubtful).with_jobs(job_ids), checkpoint

    def _checkpoint(
        self, failed: Sequence[str], done: frozenset[str], before: Checkpoint, now: float
    ) -> Checkpoint:
        """The time of the first refusal starts again when an ID is added."""
        refused = frozenset(
            contact_id
            for contact_id in failed
            if contact_id in before.refused or _is_about_the_ids(self._failures[contact_id])
        )
        if not refused:
            return Checkpoint(done)
        return Checkpoint(done, refused, before.refused_at if refused <= before.refused else now)

    def _failure(self, failed: Sequence[str], *, is_doubtful: bool) -> Failure:
        failures = [self._failures[contact_id] for contact_id in failed]
        deferred = next((failure for failure in failures if isinstance(failure, Deferred)), None)
        if deferred is None and is_doubtful:
            return STILL_SHOWN
        return deferred or _naming(failures[0], failed)


def _is_about_the_ids(failure: Failure | None) -> bool:
    return isinstance(failure, SendGridRefused) and failure.status in ABOUT_THE_IDS


def _naming(failure: Failure, failed: Sequence[str]) -> Failure:
    """The refusal of these IDs. A contact ID is not personal data."""
    if not isinstance(failure, SendGridRefused) or not _is_about_the_ids(failure):
        return failure
    names = ", ".join(failed[:MAX_NAMED])
    more = f" and {len(failed) - MAX_NAMED} more" if len(failed) > MAX_NAMED else ""
    return SendGridRefused(f"{failure.message} (contact IDs {names}{more})", status=failure.status)
