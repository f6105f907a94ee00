"""Reads a list from S3 as a stream, and stores its contact IDs as sorted runs.

A run has the distinct IDs of about half a million records, 16 bytes each, which are sorted in memory. An invocation
whose time ends stores its last run; the next one reads the same file again, skips the records that are done, which
takes half as long as reading them, and continues.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contact_deletion.contact_list.columns import CONTACT_ID
from contact_deletion.contact_list.content import CHUNK_BYTES
from contact_deletion.contact_list.folder import Folder, ids_name, rejected_name
from contact_deletion.contact_list.formats import Record, read_records
from contact_deletion.deadline import Deadline
from contact_deletion.errors import ListUnreadable, bucket_errors, error_code
from contact_deletion.requests.list_preparation import ListPreparation, StoredFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Records between two looks at the clock. An invocation ends at a multiple of it, or at the end of a file.
BLOCK_RECORDS = 8192

# Memory: 57 bytes for each ID, or some 200 for each rejected row.
RUN_RECORDS = 64 * BLOCK_RECORDS

# The batches of so many contacts are a file of 4 GB. A map reads at most 10 GB (AWS docs: Step Functions quotas).
MAX_ROWS = 100_000_000

# Left at the end of reading to sort and store a run.
STORING_SECONDS = 30.0

# S3's error codes (AWS docs: S3 error responses) that no retry fixes.
_UNREADABLE = {
    "NoSuchKey": "does not exist",
    "NoSuchVersion": "does not exist",
    "PreconditionFailed": "was changed while it was read",
    "InvalidObjectState": "is archived",
    "AccessDenied": "may not be read: access was denied",
}


@dataclass
class _Run:
    """The records since the last run that was stored."""

    ids: list[bytes] = field(default_factory=list)
    rejected: list[bytes] = field(default_factory=list)
    records: int = 0

    def add(self, first: int, records: list[Record], place: dict[str, int]) -> None:
        self.records += len(records)
        for number, record in enumerate(records, start=first):
            if isinstance(record, bytes):
                self.ids.append(record)
            elif record:
                self.rejected.append(json.dumps({**place, "row": number, "reason": record}).encode() + b"\n")


class ListReader:
    """Reads the list of a request. `progress` says how far it is."""

    def __init__(self, s3: "S3Client", lists: str, backups: str, request: ListPreparation) -> None:
        self._s3 = s3
        self._buckets = {True: lists, False: backups}
        self._folder = Folder(s3, lists, request.folder)
        self._request = request
        self.progress = request.progress

    def read(self, deadline: Deadline) -> bool:
        """Reads on. Returns whether the list has been read completely, otherwise there was no time left.

        Raises ListUnreadable, and BucketUnavailable where S3 fails.
        """
        while self.progress.files < len(self._request.files):
            if not self._read_file(self._request.files[self.progress.files], deadline):
                return False
            self.progress = replace(self.progress, files=self.progress.files + 1, records=0)
        self.progress = replace(self.progress, stage="merge")
        return True

    def _read_file(self, file: StoredFile, deadline: Deadline) -> bool:
        run = _Run()
        done = skipped = self.progress.records
        place = {"part": self.progress.files} if file.version_id else {}
        first = 1
        with self._records(file) as records:
            while block := list(islice(records, BLOCK_RECORDS)):
                if first > skipped:
                    run.add(first, block, place)
                    done = first + len(block) - 1
                first += len(block)
                is_late = deadline.remaining() < STORING_SECONDS
                if is_late and done == skipped:
                    raise ListUnreadable("the list is too large: an invocation has no time to read on in it")
                if is_late or run.records >= RUN_RECORDS:
                    self._store(run, done)
                    run = _Run()
                if is_late:
                    return False
            self._store(run, done)
            return True

    def _store(self, run: _Run, done: int) -> None:
        progress = self.progress
        number, ids = len(progress.runs), sorted(set(run.ids))
        self._folder.put(ids_name(number), b"".join(ids))
        self._folder.put(rejected_name(number), b"".join(run.rejected))
        self.progress = replace(
            progress,
            records=done,
            rows=progress.rows + len(run.ids) + len(run.rejected),
            rejected_rows=progress.rejected_rows + len(run.rejected),
            runs=[*progress.runs, len(ids)],
        )
        if self.progress.rows > MAX_ROWS:
            raise ListUnreadable(f"the list has more than {MAX_ROWS} rows; divide it")

    @contextmanager
    def _records(self, file: StoredFile) -> Iterator[Iterator[Record]]:
        """The records of a file, which is the same in each invocation."""
        with bucket_errors():
            found = self._get(file)
            self.progress = replace(self.progress, etag="" if file.version_id else found["ETag"])
            with closing(found["Body"]) as body:
                yield read_records(body.iter_chunks(CHUNK_BYTES), CONTACT_ID, self._request.id_column)

    def _get(self, file: StoredFile) -> Any:
        same: dict[str, str] = {}
        if file.version_id:
            same = {"VersionId": file.version_id}
        elif self.progress.etag:
            same = {"IfMatch": self.progress.etag}
        try:
            return self._s3.get_object(
                Bucket=self._buckets[file.version_id is None],
                Key=file.key,
                **same,  # type: ignore[arg-type]
            )
        except ClientError as error:
            if what := _UNREADABLE.get(error_code(error)):
                raise ListUnreadable(f"the list {what}") from None
            raise
