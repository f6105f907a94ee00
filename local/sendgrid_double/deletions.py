"""A deletion of contacts on its way: they disappear one after the other."""

from collections.abc import Iterable, MutableMapping
from dataclasses import replace

from local.sendgrid_double.contacts import Contact
from local.sendgrid_double.jobs import Job, spared

# In so many parts the contacts of a long deletion disappear.
STEPS = 10


class Deletion:
    """Deletes from `contacts` what its job names, or everything that is there when it starts."""

    def __init__(self, contacts: MutableMapping[str, Contact], job: Job) -> None:
        self._contacts = contacts
        self._job = job
        self._asked: list[str] | None = None
        self._doomed: list[str] = []
        self._step = 0
        self._spared = 0
        self._deleted = 0

    def start(self, _: float) -> None:
        self._asked = list(self._contacts) if self._job.kind == "delete_all" else list(self._job.contact_ids)
        present = [contact_id for contact_id in self._asked if contact_id in self._contacts]
        self._spared = spared(self._job, len(present))
        self._doomed = present[self._spared :]
        self._step = -(-len(self._doomed) // STEPS)

    def proceed(self, _: float) -> None:
        """Deletes the next part."""
        part, self._doomed = self._doomed[: self._step], self._doomed[self._step :]
        self._delete(part)

    def end(self, job: Job, now: float) -> Job:
        """Deletes what is left; gives the job as it ended."""
        if self._asked is None:
            self.start(now)
        self._delete(self._doomed)
        return replace(
            job,
            status=job.forced_ending or "completed",
            requested_count=len(self._asked or ()),
            deleted_count=self._deleted,
            errored_count=0 if job.forced_ending == "completed" else self._spared,
        )

    def _delete(self, contact_ids: Iterable[str]) -> None:
        # Another job may have deleted some of them meanwhile.
        for contact_id in contact_ids:
            if contact_id in self._contacts:
                del self._contacts[contact_id]
                self._deleted += 1
