"""What messages were told to be rejected for.

A message that comes back all the same, because not everybody could be told or the process died, hears it again: what
was told stays true. A redriven message is a new one to SQS, with an id of its own, and is tried anew.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor

from contact_deletion.errors import Failure, LedgerUnavailable, Rejected
from contact_deletion.ledger import records
from contact_deletion.ledger.store import COMPLETED, MAX_READ_KEYS, MAX_WRITE_ITEMS, LedgerStore, chunks


class Rejections:
    """By message id, of one operation."""

    def __init__(self, store: LedgerStore, threads: Executor) -> None:
        self._store = store
        self._threads = threads

    def told(self, message_ids: Iterable[str]) -> dict[str, Failure]:
        """Of those that were rejected before, why; of those of which the ledger cannot say it, LedgerUnavailable."""
        found = self._threads.map(self._read, chunks(list(message_ids), MAX_READ_KEYS))
        return {message_id: outcome for known in found for message_id, outcome in known.items()}

    def keep(self, rejected: Mapping[str, Rejected]) -> dict[str, LedgerUnavailable]:
        """To be called before anybody is told. Gives back, with the reason, what could not be kept."""
        failed = self._threads.map(self._write, chunks(list(rejected.items()), MAX_WRITE_ITEMS))
        return {message_id: reason for unkept in failed for message_id, reason in unkept.items()}

    def _read(self, message_ids: list[str]) -> dict[str, Failure]:
        keys = {self._store.identify(_payload(message_id))[0]: message_id for message_id in message_ids}
        try:
            found = self._store.read_batch(list(keys))
        except LedgerUnavailable as unavailable:
            return dict.fromkeys(message_ids, unavailable)
        return {keys[record.idempotency_key]: records.rejected(record) for record in found}

    def _write(self, rejected: list[tuple[str, Rejected]]) -> dict[str, LedgerUnavailable]:
        try:
            self._store.write_batch(
                self._store.record(
                    *self._store.identify(_payload(message_id)), COMPLETED, records.of_rejected(outcome)
                )
                for message_id, outcome in rejected
            )
        except LedgerUnavailable as unavailable:
            return {message_id: unavailable for message_id, _ in rejected}
        return {}


def _payload(message_id: str) -> dict[str, str]:
    """As Powertools sees it: no request's key is made of the like."""
    return {"rejected_message": message_id}
