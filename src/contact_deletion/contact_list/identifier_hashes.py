"""Hashes of the identifiers in a list, from which they cannot be guessed. They are stored while it is prepared."""

import hmac
from functools import cached_property

from contact_deletion.backup.distinct_ids import ID_BYTES
from contact_deletion.errors import ListUnreadable
from contact_deletion.ledger.keyed_hash import fingerprint
from contact_deletion.sendgrid.client import SendGridClient


class IdentifierHashes:
    """By a key that only those have who have the API key. It is derived when it is first needed."""

    def __init__(self, client: SendGridClient) -> None:
        self._client = client

    @cached_property
    def _key(self) -> bytes:
        return self._client.derived_key(b"lists")

    @property
    def key_fingerprint(self) -> str:
        return fingerprint(self._key)

    def require_key(self, key_fingerprint: str) -> None:
        """Raises ListUnreadable where the hashes so far have another key, so that none would be found again."""
        if key_fingerprint != self.key_fingerprint:
            raise ListUnreadable("the API key was replaced while the list was prepared; start again")

    def of(self, identifier: bytes) -> bytes:
        """As long as a contact ID, for which lists of one are sorted and merged like those of the other."""
        return hmac.digest(self._key, identifier, "sha256")[:ID_BYTES]
