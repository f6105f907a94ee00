"""Looks up, processes and records a whole batch at a time: for deletions that are idempotent by nature."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred, LedgerUnavailable, RequestConflict
from contact_deletion.ledger import records
from contact_deletion.ledger.batch_progress import NO_PROGRESS, StoredProgress, record_progress
from contact_deletion.ledger.keyed_hash import is_of_another_key, keyed_hash
from contact_deletion.ledger.store import (
    COMPLETED,
    MAX_READ_KEYS,
    MAX_WRITE_ITEMS,
    ItemT,
    LedgerStore,
    Stores,
    chunks,
    payload_of,
)
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Accepted, Checkpoint, DeletionOutcome
from contact_deletion.requests.bulk_deletion import BulkDelete


class Deletion(Protocol):
    """The calls for a batch of requests."""

    def run(self) -> Sequence[tuple[DeletionOutcome, Checkpoint]]:
        """For each request its outcome and the checkpoint that it has reached."""


# Is given the requests, the checkpoints that their earlier deliveries have reached, and the deadline.
NewDeletion = Callable[[Sequence[BulkDelete], Sequence[Checkpoint], Deadline], Deletion]


@dataclass
class _Entry:
    """A request of the batch, with the progress that earlier deliveries made."""

    request: BulkDelete
    store: LedgerStore
    key: str
    payload_hash: str
    before: StoredProgress = NO_PROGRESS


class BatchLedger:
    """Makes each deletion once: requests that are in the ledger, or twice in the batch, are not sent again."""

    def __init__(
        self,
        stores: Stores,
        telemetry: Telemetry,
        threads: Executor,
        new_deletion: NewDeletion,
        content_key: Callable[[], bytes],
    ) -> None:
        """`content_key` returns the key of hashes of personal content, or raises a Deferred if it cannot be derived."""
        self._stores = stores
        self._content_key = content_key
        self._telemetry = telemetry
        self._threads = threads
        self._new_deletion = new_deletion

    def process(self, requests: Sequence[BulkDelete], deadline: Deadline) -> list[DeletionOutcome]:
        """Returns one outcome for each request, in their order."""
        content_key = b""
        if any(request.identifiers for request in requests):
            try:
                content_key = self._content_key()
            except Deferred as no_key:
                return self._process_without_key(requests, no_key, deadline)
        entries = [self._entry(request, content_key) for request in requests]
        first_of: dict[str, _Entry] = {}
        for entry in entries:
            first_of.setdefault(entry.key, entry)
        outcomes = self._look_up(first_of.values())
        pending = [entry for entry in first_of.values() if entry.key not in outcomes]
        deletion = self._new_deletion(
            [entry.request for entry in pending], [entry.before.checkpoint for entry in pending], deadline
        )
        unfinished: list[tuple[_Entry, StoredProgress]] = []
        for entry, (outcome, checkpoint) in zip(pending, deletion.run(), strict=True):
            outcome = outcomes[entry.key] = _with_earlier_jobs(outcome, entry.before.job_ids)
            if not isinstance(outcome, Accepted) and checkpoint != entry.before.checkpoint:
                progress = replace(entry.before, job_ids=outcome.job_ids, checkpoint=checkpoint)
                unfinished.append((entry, progress))
        self._record_progress(unfinished)
        for entry in self._unrecorded([(entry, outcomes[entry.key]) for entry in pending]):
            outcomes[entry.key] = _not_recorded(outcomes[entry.key])
        return [_shared(entry, first_of[entry.key], outcomes[entry.key]) for entry in entries]

    def _process_without_key(
        self, requests: Sequence[BulkDelete], no_key: Deferred, deadline: Deadline
    ) -> list[DeletionOutcome]:
        """Defers the requests with personal content."""
        others = iter(
            self.process([request for request in requests if request.identifiers is None], deadline)
        )
        return [next(others) if request.identifiers is None else no_key for request in requests]

    def _entry(self, request: BulkDelete, content_key: bytes) -> _Entry:
        store, payload = self._stores.of(request), payload_of(request)
        if request.identifiers is None:
            return _Entry(request, store, *store.identify(payload))
        content = keyed_hash(content_key, request.content)
        key, _ = store.identify(payload | {"content": content})
        return _Entry(request, store, key, content)

    def _look_up(self, entries: Iterable[_Entry]) -> dict[str, DeletionOutcome]:
        """The outcomes, by key, of the requests that need not or cannot be acted on."""
        by_chunk = self._threads.map(
            _read, _chunks([(entry, entry.store) for entry in entries], MAX_READ_KEYS)
        )
        return {key: outcome for known in by_chunk for key, outcome in known.items()}

    def _unrecorded(self, processed: Sequence[tuple[_Entry, DeletionOutcome]]) -> Iterator[_Entry]:
        """Records accepted requests, and yields those that could not be recorded."""
        accepted = [
            ((entry, outcome), entry.store) for entry, outcome in processed if isinstance(outcome, Accepted)
        ]
        chunks = list(_chunks(accepted, MAX_WRITE_ITEMS))
        for chunk, failure in zip(chunks, self._threads.map(_write, chunks), strict=True):
            if failure is not None:
                for entry, outcome in chunk:
                    self._write_failed(entry, outcome.job_ids, failure)
                    yield entry

    def _record_progress(self, unfinished: Sequence[tuple[_Entry, StoredProgress]]) -> None:
        """Progress that cannot be recorded is lost: its calls are sent again."""
        failures = self._threads.map(_write_progress, unfinished)
        for (entry, progress), failure in zip(unfinished, failures, strict=True):
            if failure is not None:
                self._write_failed(entry, progress.job_ids, failure)

    def _write_failed(self, entry: _Entry, job_ids: tuple[str, ...], failure: LedgerUnavailable) -> None:
        self._telemetry.ledger_write_failed(entry.request.request_id, job_ids, failure)


def _read(chunk: Sequence[_Entry]) -> dict[str, DeletionOutcome]:
    try:
        records = chunk[0].store.read_batch([entry.key for entry in chunk])
    except LedgerUnavailable as unavailable:
        return {entry.key: unavailable for entry in chunk}
    found = {record.idempotency_key: record for record in records if not record.is_expired}
    outcomes = {entry.key: _known(entry, found[entry.key]) for entry in chunk if entry.key in found}
    return {key: outcome for key, outcome in outcomes.items() if outcome is not None}


def _known(entry: _Entry, record: DataRecord) -> DeletionOutcome | None:
    """The outcome of a request that has a record; None where it is unfinished, and is processed again."""
    if entry.store.payload_validation_enabled and record.payload_hash != entry.payload_hash:
        if not is_of_another_key(record.payload_hash, entry.payload_hash):
            return records.conflict()
        # The API key was rotated, so the contents cannot be compared. Deleting twice does no harm.
        entry.before = StoredProgress.jobs_of(record)
        return None
    if record.status == COMPLETED:
        return records.replayed(record)
    entry.before = StoredProgress.of(record, entry.request)
    return None


def _write(chunk: Sequence[tuple[_Entry, Accepted]]) -> LedgerUnavailable | None:
    try:
        chunk[0][0].store.write_batch(
            entry.store.record(entry.key, entry.payload_hash, COMPLETED, records.of_accepted(outcome))
            for entry, outcome in chunk
        )
    except LedgerUnavailable as unavailable:
        return unavailable
    return None


def _write_progress(unfinished: tuple[_Entry, StoredProgress]) -> LedgerUnavailable | None:
    entry, progress = unfinished
    try:
        record_progress(entry.store, entry.key, entry.payload_hash, entry.request, progress)
    except LedgerUnavailable as unavailable:
        return unavailable
    return None


def _not_recorded(outcome: DeletionOutcome) -> DeletionOutcome:
    return replace(outcome, recorded=False) if isinstance(outcome, Accepted) else outcome


def _with_earlier_jobs(outcome: DeletionOutcome, job_ids: tuple[str, ...]) -> DeletionOutcome:
    """An earlier delivery's jobs belong to the request as much as this one's."""
    if not job_ids:
        return outcome
    everything = tuple(dict.fromkeys(job_ids + outcome.job_ids))
    if isinstance(outcome, Accepted):
        # There was something to do, though not in this delivery.
        return replace(outcome, job_ids=everything, note="")
    return outcome.with_jobs(everything)


def _shared(entry: _Entry, first: _Entry, outcome: DeletionOutcome) -> DeletionOutcome:
    """The outcome of the first of equal requests is that of all; the others made no call."""
    if entry is first:
        return outcome
    if entry.payload_hash != first.payload_hash:
        return RequestConflict(
            "this request_id is used by another request of the batch with different content"
        )
    return replace(outcome, replayed=True) if isinstance(outcome, Accepted) else outcome


def _chunks(items: Iterable[tuple[ItemT, LedgerStore]], size: int) -> Iterator[list[ItemT]]:
    """Chunks of items that share a layer."""
    by_store: dict[LedgerStore, list[ItemT]] = {}
    for item, store in items:
        by_store.setdefault(store, []).append(item)
    for alike in by_store.values():
        yield from chunks(alike, size)
