"""How far an unfinished bulk deletion has come, so that the next delivery continues from there."""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.errors import LedgerUnavailable
from contact_deletion.ledger.layer import COMPLETED, LedgerLayer
from contact_deletion.request.bulk_delete import BulkDelete

_ATTEMPTS = 5
"""More than other invocations with the same request write between them: the queue has two at a time."""


@dataclass(frozen=True)
class Progress:
    """The jobs that were started, and the contact IDs that need no other call.

    `data` is that of the record from which this was read; empty where there was none.
    """

    job_ids: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    data: str = ""

    @classmethod
    def of(cls, record: DataRecord, request: BulkDelete) -> Self:
        response = record.response_json_as_dict() or {}
        done = from_bitmap(response.get("done", ""), _sorted_ids(request))
        return cls(tuple(response.get("job_ids", ())), done, record.response_data)

    def with_those_of(self, other: "Progress") -> "Progress":
        """What two invocations with the same request have done between them, on top of the other's record."""
        job_ids = tuple(dict.fromkeys(other.job_ids + self.job_ids))
        return Progress(job_ids, self.done | other.done, other.data)


NO_PROGRESS = Progress()


def record_progress(
    layer: LedgerLayer, key: str, payload_hash: str, request: BulkDelete, progress: Progress
) -> None:
    """Never in place of a record that another invocation completed. Raises LedgerUnavailable."""
    for _ in range(_ATTEMPTS):
        response = {
            "job_ids": list(progress.job_ids),
            "done": to_bitmap(progress.done, _sorted_ids(request)),
        }
        there = layer.put_unfinished(key, payload_hash, response, in_place_of=progress.data)
        if there is None or there.status == COMPLETED:
            return
        progress = progress.with_those_of(Progress.of(there, request))
    raise LedgerUnavailable("other invocations kept changing the request's record")


def to_bitmap(members: Collection[str], contact_ids: Sequence[str]) -> str:
    """Base64 of one bit for each contact ID in their order, set for the members: 1.7 KB for 10,000."""
    bits = bytearray((len(contact_ids) + 7) // 8)
    for index, contact_id in enumerate(contact_ids):
        if contact_id in members:
            bits[index // 8] |= 1 << index % 8
    return base64.b64encode(bits).decode()


def from_bitmap(bitmap: str, contact_ids: Sequence[str]) -> frozenset[str]:
    """The members. An empty bitmap has none."""
    bits = int.from_bytes(base64.b64decode(bitmap), "little")
    return frozenset(contact_id for index, contact_id in enumerate(contact_ids) if bits >> index & 1)


def _sorted_ids(request: BulkDelete) -> Sequence[str]:
    ids: Sequence[str] = request.content["contact_ids"]
    return ids
