"""The record of rejected messages.

A rejected message may come back, because a notification failed or the process died. It is then rejected again, so that
the reported outcome stays true. A redriven message is a new one to SQS, with an ID of its own, and is processed again.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor

from contact_deletion.errors import Failure, LedgerUnavailable, Rejected
from contact_deletion.ledger import records
from contact_deletion.ledger.store import COMPLETED, MAX_READ_KEYS, MAX_WRITE_ITEMS, LedgerStore, chunks


class Rejections:
    """Rejections by message ID, of one operation."""

    def __init__(self, store: LedgerStore, threads: Executor) -> None:
        self._store = store
        self._threads = threads

    def recall(self, message_ids: Iterable[str]) -> dict[str, Failure]:
        """The recorded rejections of these messages, and LedgerUnavailable for those that could not be read."""
        found = self._threads.map(self._read, chunks(list(message_ids), MAX_READ_KEYS))
        return {message_id: outcome for known in found for message_id, outcome in known.items()}

    def record(self, rejected: Mapping[str, Rejected]) -> dict[str, LedgerUnavailable]:
        """Records rejections before they are reported. Returns those that could not be recorded."""
        failed = self._threads.map(self._write, chunks(list(rejected.items()), MAX_WRITE_ITEMS))
        return {message_id: reason for unrecorded in failed for message_id, reason in unrecorded.items()}

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
    """The payload that Powertools hashes for the key. No request has the same."""
    return {"rejected_message": message_id}
