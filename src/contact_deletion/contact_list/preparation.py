"""Prepares a list: reads it, writes its batches, and plans the deletion. Nothing is deleted here."""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from contact_deletion.contact_list.batches import BATCHES, REJECTED, Batches
from contact_deletion.contact_list.folder import Folder
from contact_deletion.contact_list.identifier_hashes import IdentifierHashes
from contact_deletion.contact_list.identifier_resolution import IdentifierResolution
from contact_deletion.contact_list.reading import ListReader
from contact_deletion.deadline import Deadline
from contact_deletion.deletion.packing import TARGET_BUDGET, ids_within
from contact_deletion.errors import Deferred, bucket_errors
from contact_deletion.requests.list_preparation import ListPreparation, Progress
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.existence import look_up

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# 20 full calls are 163 KB. The input of a map's item has 256 KiB at most (AWS docs: Step Functions quotas).
CALLS_PER_BATCH = 20

# Reserved for the merge of so many IDs, which takes a third of it.
MERGE_SECONDS_PER_ID = 8e-6
MERGE_SECONDS = 20.0

_SAMPLE = "preparation/sample.json"
_PLAN = "plan.json"


@dataclass(frozen=True)
class ListPreparer:
    """Prepares lists for one account. `calls_per_minute` is the rate limit by which the plan is made."""

    s3: "S3Client"
    lists: str
    backups: str
    client: SendGridClient
    calls_per_minute: int

    def prepare(self, request: ListPreparation, deadline: Deadline) -> dict[str, Any]:
        """Returns the plan, or how far the preparation is if the time is over or an export is needed.

        Raises ListUnreadable, BucketUnavailable and the client's errors.
        """
        with bucket_errors():
            return self._prepare(request, deadline)

    def _prepare(self, request: ListPreparation, deadline: Deadline) -> dict[str, Any]:
        folder = Folder(self.s3, self.lists, request.folder)
        hashes = IdentifierHashes(self.client)
        reader = ListReader(self.s3, self.lists, self.backups, request, hashes)
        resolution = IdentifierResolution(folder, self.client, hashes, reader)
        progress = request.progress
        if progress.stage == "read":
            is_read = reader.read(deadline)
            progress = reader.progress
            if not is_read:
                return _response("pending", progress)
            if progress.identifier_type:
                progress = resolution.begin(progress)
        try:
            if progress.stage == "search":
                progress = resolution.search(progress, deadline)
            if progress.stage == "join" and request.contacts is None:
                return _response("export_required", progress)
            if progress.stage == "join":
                progress = resolution.join(progress, request.contacts or (), deadline)
            if progress.stage == "join":
                return _response("pending", progress)
            if progress.stage == "merge":
                merging = MERGE_SECONDS + MERGE_SECONDS_PER_ID * sum(progress.runs)
                if progress != request.progress and deadline.remaining() < merging:
                    return _response("pending", progress)
                progress = self._merge(folder, progress)
            return self._plan(folder, progress, deadline)
        except Deferred:
            if request.progress.stage == progress.stage:
                raise
            # A retry repeats nothing of what is done.
            return _response("pending", progress)

    def _merge(self, folder: Folder, progress: Progress) -> Progress:
        batches = Batches(CALLS_PER_BATCH * self._ids_per_call())
        batches.write(folder, progress.runs, progress.rejected_files)
        folder.put(_SAMPLE, json.dumps(batches.sample).encode())
        return replace(progress, stage="sample", contacts=batches.contacts)

    def _plan(self, folder: Folder, progress: Progress, deadline: Deadline) -> dict[str, Any]:
        sample = json.loads(folder.get(_SAMPLE))
        calls = -(-progress.contacts // self._ids_per_call())
        plan = {
            "rows": progress.rows,
            "contacts": progress.contacts,
            "duplicates": _duplicates(progress),
            "rejected_rows": progress.rejected_rows,
            "not_found": progress.not_found,
            "alternate_email_matches": progress.alternate_email_matches,
            "calls": calls,
            "minutes": -(-calls // self.calls_per_minute),
            "sample_size": len(sample),
            "sample_existing": self._existing(sample, deadline),
        }
        folder.put(_PLAN, json.dumps(plan, indent=2).encode())
        return {
            "status": "prepared",
            "plan": plan,
            "batches_key": folder.key(BATCHES),
            "rejected_key": folder.key(REJECTED),
        }

    def _existing(self, sample: list[str], deadline: Deadline) -> int | None:
        """How many of the sample exist, or None where SendGrid refuses to look one of them up."""
        existence = look_up(self.client, sample, deadline)
        existence.require(frozenset(sample))
        return None if existence.unchecked else len(existence.found)

    def _ids_per_call(self) -> int:
        any_ids = ["0" * 36] * 2
        return ids_within(any_ids, TARGET_BUDGET, self.client.ids_target)


def _duplicates(progress: Progress) -> int:
    """Two contacts may have spellings of one identifier; there is no negative number of duplicates for them."""
    others = progress.rejected_rows + progress.not_found + progress.alternate_email_matches
    return max(0, progress.rows - others - progress.contacts)


def _response(status: str, progress: Progress) -> dict[str, Any]:
    return {"status": status, "continuation": progress.continuation()}
