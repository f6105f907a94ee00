"""Whether what SendGrid accepted is sent again (I7)."""

import math
from collections.abc import Collection, Iterable

from contact_deletion.sendgrid.api_key import MAX_AGE_SECONDS
from local.simulation.time import Time
from local.simulation.wire import Invocation

# For so long at least the ledger has what a request without a `request_id` has done.
RECALLED_SECONDS = 3_000.0


class AcceptedContacts:
    """Knows which contacts were accepted in invocations that lived to record it, and when these ended.

    `by_identifiers` are the contacts of requests by identifiers.
    """

    def __init__(self, time: Time, by_identifiers: Collection[str]) -> None:
        self._time = time
        self._recorded_at: dict[str, float] = {}
        self._by_identifiers = by_identifiers
        self._rotated_at = -math.inf
        self.violations: list[str] = []

    def ended(self, invocation: Invocation) -> None:
        """Where the ledger failed, or the process died, the program cannot know what was accepted."""
        if not invocation.killed and not invocation.ledger_failed:
            self._recorded_at.update(dict.fromkeys(invocation.accepted, self._time()))

    def key_rotated(self) -> None:
        """What was done for requests by identifiers is no longer found in the ledger, unless they have a `request_id`.

        Processes may work with the old key for some minutes.
        """
        self._rotated_at = self._time()

    @property
    def has_rotated(self) -> bool:
        return self._rotated_at > 0

    def deleting(self, invocation: Invocation, contact_ids: Iterable[str]) -> None:
        """A call is about to delete these."""
        again = [contact_id for contact_id in contact_ids if self._is_recorded(contact_id, invocation)]
        if again:
            self.violations.append(
                f"{len(again)} contacts are sent again that SendGrid accepted: {again[:3]}"
            )

    def _is_recorded(self, contact_id: str, invocation: Invocation) -> bool:
        recorded_at = self._recorded_at.get(contact_id)
        forgotten_until = (
            self._rotated_at + MAX_AGE_SECONDS if contact_id in self._by_identifiers else -math.inf
        )
        return (
            recorded_at is not None
            and recorded_at >= forgotten_until
            and recorded_at < invocation.began_at
            and self._time() - recorded_at < RECALLED_SECONDS
        )
