"""The progress of an unfinished bulk deletion, from which the next delivery continues."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.errors import LedgerUnavailable
from contact_deletion.ledger import records
from contact_deletion.ledger.store import COMPLETED, LedgerStore
from contact_deletion.outcomes import START, Checkpoint
from contact_deletion.requests.bulk_deletion import BulkDelete
from contact_deletion.requests.resolution import Resolution

# More than the other invocations with the same request write: the queue has two at a time.
_ATTEMPTS = 5


@dataclass(frozen=True)
class StoredProgress:
    """The jobs that were started for a request, and its checkpoint.

    `data` is that of the record from which this was read, or empty.
    """

    job_ids: tuple[str, ...] = ()
    checkpoint: Checkpoint = START
    data: str = ""

    @classmethod
    def of(cls, record: DataRecord, request: BulkDelete) -> Self:
        response = record.response_json_as_dict() or {}
        resolution = records.resolution(response)
        ids = _sorted_ids(request, resolution)
        checkpoint = Checkpoint(
            from_bitmap(response.get("done", ""), ids),
            from_bitmap(response.get("refused", ""), ids),
            response.get("refused_at", 0.0),
            resolution,
        )
        return cls(tuple(response.get("job_ids", ())), checkpoint, record.response_data)

    @classmethod
    def jobs_of(cls, record: DataRecord) -> Self:
        """Only the jobs, of a record that may be of another content."""
        response = record.response_json_as_dict() or {}
        return cls(tuple(response["job_ids"]), data=record.response_data)

    def with_those_of(self, other: "StoredProgress") -> "StoredProgress":
        """The progress of two invocations with the same request, based on the other's record."""
        job_ids = tuple(dict.fromkeys(other.job_ids + self.job_ids))
        mine, theirs = self.checkpoint, other.checkpoint
        checkpoint = Checkpoint(
            mine.done | theirs.done,
            mine.refused | theirs.refused,
            max(mine.refused_at, theirs.refused_at),
            mine.resolution.with_those_of(theirs.resolution)
            if mine.resolution and theirs.resolution
            else mine.resolution,
        )
        return StoredProgress(job_ids, checkpoint, other.data)

    def record(self, request: BulkDelete) -> dict[str, Any]:
        """The progress as JSON, for the ledger."""
        checkpoint = self.checkpoint
        ids = _sorted_ids(request, checkpoint.resolution)
        record: dict[str, Any] = {
            "job_ids": list(self.job_ids),
            "done": to_bitmap(checkpoint.done, ids),
        }
        if checkpoint.refused:
            record |= {
                "refused": to_bitmap(checkpoint.refused, ids),
                "refused_at": checkpoint.refused_at,
            }
        if checkpoint.resolution is not None:
            record["resolution"] = checkpoint.resolution.stored
        return record


NO_PROGRESS = StoredProgress()


def record_progress(
    store: LedgerStore, key: str, payload_hash: str, request: BulkDelete, progress: StoredProgress
) -> None:
    """Records the progress, but never in place of a completed record. Raises LedgerUnavailable."""
    for _ in range(_ATTEMPTS):
        there = store.put_unfinished(key, payload_hash, progress.record(request), in_place_of=progress.data)
        if there is None or there.status == COMPLETED:
            return
        if store.payload_validation_enabled and there.payload_hash != payload_hash:
            raise LedgerUnavailable("another request with this request_id has a record")
        progress = progress.with_those_of(StoredProgress.of(there, request))
    raise LedgerUnavailable("other invocations changed the request's record again and again")


def to_bitmap(members: Collection[str], contact_ids: Sequence[str]) -> str:
    """Base64 of one bit for each contact ID in their order, set for the members: 1.7 KB for 10,000."""
    bits = bytearray((len(contact_ids) + 7) // 8)
    for index, contact_id in enumerate(contact_ids):
        if contact_id in members:
            bits[index // 8] |= 1 << index % 8
    return base64.b64encode(bits).decode()


def from_bitmap(bitmap: str, contact_ids: Sequence[str]) -> frozenset[str]:
    """The members of the bitmap. An empty bitmap has no members."""
    bits = int.from_bytes(base64.b64decode(bitmap), "little")
    return frozenset(contact_id for index, contact_id in enumerate(contact_ids) if bits >> index & 1)


def _sorted_ids(request: BulkDelete, resolution: Resolution | None) -> Sequence[str]:
    return sorted(request.contact_ids if resolution is None else resolution.contact_ids)
