"""What has become of the contact IDs of a batch."""

from collections.abc import Collection, Iterable, Sequence
from itertools import count

from contact_deletion.errors import Deferred, Failure, SendGridRefused
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.request.bulk_delete import BulkDelete

NOTHING_TO_DO = "nothing to do: none of the contacts exists"

MAX_NAMED = 100
"""Of the refused IDs, in an error."""

ABOUT_THE_IDS = frozenset({400, 404})
"""HTTP statuses that one bad ID can cause. SendGrid does not document its answer to an ID that it does not know."""


class Progress:
    """By ID: its job, or that it does not exist, or why it is not deleted."""

    def __init__(self) -> None:
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
        """SendGrid has no such contacts: their deletion is a goal reached."""
        self._gone.update(contact_ids)

    def fail(self, contact_ids: Iterable[str], failure: Failure, *, part: bool = False) -> None:
        """What is deferred as a `part` of a divided call comes back at a time of its own."""
        if part and isinstance(failure, Deferred):
            failure = failure.in_part(next(self._parts))
        self._failures.update(dict.fromkeys(contact_ids, failure))

    def of(
        self, request: BulkDelete, pending: Sequence[str], done_before: Collection[str]
    ) -> tuple[DeletionOutcome, frozenset[str]]:
        """The outcome of a request of which these IDs were pending, and its IDs that need no other call.

        A request with an ID worth retrying is retried, whatever became of its others.
        """
        job_ids = tuple(dict.fromkeys(self._jobs[one] for one in pending if one in self._jobs))
        failed = [one for one in pending if one in self._failures]
        if not failed:
            note = "" if job_ids else NOTHING_TO_DO
            return Accepted(job_ids, len(request.contact_ids), note=note), frozenset()
        done = {one for one in pending if one in self._jobs or one in self._gone}
        return self._failure(failed).with_jobs(job_ids), frozenset(done.union(done_before))

    def _failure(self, failed: Sequence[str]) -> Failure:
        failures = [self._failures[one] for one in failed]
        deferred = next((failure for failure in failures if isinstance(failure, Deferred)), None)
        return deferred or _naming(failures[0], failed)


def _naming(failure: Failure, failed: Sequence[str]) -> Failure:
    """The refusal of these IDs. A contact ID is not personal data."""
    if not isinstance(failure, SendGridRefused) or failure.status not in ABOUT_THE_IDS:
        return failure
    names = ", ".join(failed[:MAX_NAMED])
    more = f" and {len(failed) - MAX_NAMED} more" if len(failed) > MAX_NAMED else ""
    return SendGridRefused(f"{failure.message} (contact IDs {names}{more})", status=failure.status)
