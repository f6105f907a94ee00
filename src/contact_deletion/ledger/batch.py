"""Look up, act, record, a whole batch at a time: for deletions that are idempotent by nature."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.errors import LedgerUnavailable, RequestConflict
from contact_deletion.ledger import stored
from contact_deletion.ledger.layer import (
    COMPLETED,
    INPROGRESS,
    MAX_READ_KEYS,
    MAX_WRITE_ITEMS,
    ItemT,
    Layers,
    LedgerLayer,
    chunks,
    payload_of,
)
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.request.base import DeletionRequest
from contact_deletion.telemetry.queue import QueueTelemetry

RequestT = TypeVar("RequestT", bound=DeletionRequest)


@dataclass
class _Entry(Generic[RequestT]):
    """A request on its way through the batch; `earlier_jobs` were started by deliveries that did not finish it."""

    request: RequestT
    layer: LedgerLayer
    key: str
    payload_hash: str
    earlier_jobs: tuple[str, ...] = ()


class BatchLedger(Generic[RequestT]):
    """Lets `act` see each request of a batch once, and only those that were not done before."""

    def __init__(self, layers: Layers, telemetry: QueueTelemetry, threads: Executor) -> None:
        self._layers = layers
        self._telemetry = telemetry
        self._threads = threads

    def settle(
        self, requests: Sequence[RequestT], act: Callable[[Sequence[RequestT]], Sequence[DeletionOutcome]]
    ) -> list[DeletionOutcome]:
        """One outcome for each request, in their order; `act` gives one for each that it is handed."""
        entries = [self._entry(request) for request in requests]
        first_of: dict[str, _Entry[RequestT]] = {}
        for entry in entries:
            first_of.setdefault(entry.key, entry)
        outcomes = self._look_up(first_of.values())
        pending = [entry for entry in first_of.values() if entry.key not in outcomes]
        for entry, outcome in zip(pending, act([entry.request for entry in pending]), strict=True):
            outcomes[entry.key] = _with_earlier_jobs(outcome, entry.earlier_jobs)
        for entry in self._unrecorded([(entry, outcomes[entry.key]) for entry in pending]):
            outcomes[entry.key] = _not_recorded(outcomes[entry.key])
        return [_shared(entry, first_of[entry.key], outcomes[entry.key]) for entry in entries]

    def _entry(self, request: RequestT) -> _Entry[RequestT]:
        layer = self._layers.of(request)
        return _Entry(request, layer, *layer.identify(payload_of(request)))

    def _look_up(self, entries: Iterable[_Entry[RequestT]]) -> dict[str, DeletionOutcome]:
        """The outcomes, by key, of the requests that need not or cannot be acted on."""
        by_chunk = self._threads.map(
            _read, _chunks([(entry, entry.layer) for entry in entries], MAX_READ_KEYS)
        )
        return {key: outcome for known in by_chunk for key, outcome in known.items()}

    def _unrecorded(
        self, settled: Sequence[tuple[_Entry[RequestT], DeletionOutcome]]
    ) -> Iterator[_Entry[RequestT]]:
        """Keeps what was accepted, and the jobs of what was begun; where no job was started, no record is left.

        Gives back what could not be kept.
        """
        begun = [((entry, outcome), entry.layer) for entry, outcome in settled if outcome.job_ids]
        chunks = list(_chunks(begun, MAX_WRITE_ITEMS))
        for chunk, failure in zip(chunks, self._threads.map(_write, chunks), strict=True):
            if failure is not None:
                for entry, outcome in chunk:
                    self._telemetry.ledger_write_failed(entry.request.request_id, outcome.job_ids, failure)
                    yield entry


def _read(chunk: Sequence[_Entry[RequestT]]) -> dict[str, DeletionOutcome]:
    try:
        records = chunk[0].layer.read_batch([entry.key for entry in chunk])
    except LedgerUnavailable as unavailable:
        return {entry.key: unavailable for entry in chunk}
    found = {record.idempotency_key: record for record in records if not record.is_expired}
    outcomes = {entry.key: _known(entry, found[entry.key]) for entry in chunk if entry.key in found}
    return {key: outcome for key, outcome in outcomes.items() if outcome is not None}


def _known(entry: _Entry[RequestT], record: DataRecord) -> DeletionOutcome | None:
    """What the record of before makes of the request; None where it is unfinished, and is acted on again."""
    if entry.layer.payload_validation_enabled and record.payload_hash != entry.payload_hash:
        return stored.conflict()
    if record.status == COMPLETED:
        return stored.replayed(record)
    entry.earlier_jobs = stored.started_jobs(record)
    return None


def _write(chunk: Sequence[tuple[_Entry[RequestT], DeletionOutcome]]) -> LedgerUnavailable | None:
    try:
        chunk[0][0].layer.write_batch([_record_of(entry, outcome) for entry, outcome in chunk])
    except LedgerUnavailable as unavailable:
        return unavailable
    return None


def _record_of(entry: _Entry[RequestT], outcome: DeletionOutcome) -> DataRecord:
    if isinstance(outcome, Accepted):
        return entry.layer.record(entry.key, entry.payload_hash, COMPLETED, stored.of_accepted(outcome))
    return entry.layer.record(entry.key, entry.payload_hash, INPROGRESS, stored.of_started(outcome.job_ids))


def _not_recorded(outcome: DeletionOutcome) -> DeletionOutcome:
    return replace(outcome, recorded=False) if isinstance(outcome, Accepted) else outcome


def _with_earlier_jobs(outcome: DeletionOutcome, job_ids: tuple[str, ...]) -> DeletionOutcome:
    """An earlier delivery's jobs belong to the request as much as this one's."""
    if not job_ids:
        return outcome
    everything = tuple(dict.fromkeys(job_ids + outcome.job_ids))
    if isinstance(outcome, Accepted):
        return replace(outcome, job_ids=everything)
    return outcome.with_jobs(everything)


def _shared(entry: _Entry[RequestT], first: _Entry[RequestT], outcome: DeletionOutcome) -> DeletionOutcome:
    """The outcome of the first of equal requests is that of all; the others made no call."""
    if entry is first:
        return outcome
    if entry.payload_hash != first.payload_hash:
        return RequestConflict(
            "this request_id is used by another request of the batch with different content"
        )
    return replace(outcome, replayed=True) if isinstance(outcome, Accepted) else outcome


def _chunks(items: Iterable[tuple[ItemT, LedgerLayer]], size: int) -> Iterator[list[ItemT]]:
    """Chunks of items that share a layer."""
    by_layer: dict[LedgerLayer, list[ItemT]] = {}
    for item, layer in items:
        by_layer.setdefault(layer, []).append(item)
    for alike in by_layer.values():
        yield from chunks(alike, size)
