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

from contact_deletion.contact_list.columns import CONTACT_ID, IDENTIFIERS
from contact_deletion.contact_list.content import CHUNK_BYTES
from contact_deletion.contact_list.folder import Folder, identifiers_name, ids_name, rejected_name
from contact_deletion.contact_list.formats import Record, find_identifier_type, read_records
from contact_deletion.contact_list.identifier_hashes import IdentifierHashes
from contact_deletion.deadline import Deadline
from contact_deletion.errors import ListUnreadable, error_code
from contact_deletion.requests.list_preparation import ListPreparation, Progress, StoredFile

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

    def __init__(
        self, s3: "S3Client", lists: str, backups: str, request: ListPreparation, hashes: IdentifierHashes
    ) -> None:
        self._s3 = s3
        self._buckets = {True: lists, False: backups}
        self._folder = Folder(s3, lists, request.folder)
        self._request = request
        self._hashes = hashes
        self.progress = request.progress

    def read(self, deadline: Deadline) -> bool:
        """Reads on. Returns whether the list has been read completely, otherwise there was no time left.

        Raises ListUnreadable.
        """
        if self.progress == Progress():
            self._find_out_identifiers()
        elif self.progress.identifier_type:
            self._hashes.require_key(self.progress.hash_key)
        while self.progress.files < len(self._request.files):
            if not self._read_file(self._request.files[self.progress.files], deadline):
                return False
            self.progress = replace(self.progress, files=self.progress.files + 1, records=0)
        self.progress = replace(self.progress, stage="merge")
        return True

    def records(self) -> Iterator[tuple[int, Record]]:
        """Every record of a list in one file, with its number."""
        with self._records(self._request.files[0]) as records:
            yield from enumerate(records, start=1)

    @contextmanager
    def chunks(self, file: StoredFile) -> Iterator[Iterator[bytes]]:
        """The content of a file. One without a version is the same in each invocation."""
        found = self._get(file)
        self.progress = replace(self.progress, etag="" if file.version_id else found["ETag"])
        with closing(found["Body"]) as body:
            yield body.iter_chunks(CHUNK_BYTES)

    def _find_out_identifiers(self) -> None:
        file, identifier_type = self._request.files[0], self._request.identifier_type
        if not (identifier_type or self._request.id_column or file.version_id):
            with self.chunks(file) as chunks:
                identifier_type = find_identifier_type(chunks)
        if identifier_type:
            self.progress = replace(
                self.progress, identifier_type=identifier_type, hash_key=self._hashes.key_fingerprint
            )

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
        progress, distinct = self.progress, set(run.ids)
        if progress.identifier_type:
            runs = progress.identifier_runs
            name = identifiers_name(len(runs))
            distinct = set(map(self._hashes.of, distinct))
            progress = replace(progress, identifier_runs=[*runs, len(distinct)])
        else:
            name = ids_name(len(progress.runs))
            progress = replace(progress, runs=[*progress.runs, len(distinct)])
        self._folder.put(name, b"".join(sorted(distinct)))
        self._folder.put(rejected_name(progress.rejected_files), b"".join(run.rejected))
        self.progress = replace(
            progress,
            records=done,
            rows=progress.rows + len(run.ids) + len(run.rejected),
            rejected_rows=progress.rejected_rows + len(run.rejected),
            rejected_files=progress.rejected_files + 1,
        )
        if self.progress.rows > MAX_ROWS:
            raise ListUnreadable(f"the list has more than {MAX_ROWS} rows; divide it")

    @contextmanager
    def _records(self, file: StoredFile) -> Iterator[Iterator[Record]]:
        identifier_type = self.progress.identifier_type
        kind = IDENTIFIERS[identifier_type] if identifier_type else CONTACT_ID
        with self.chunks(file) as chunks:
            yield read_records(chunks, kind, self._request.id_column)

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
