"""The contacts of an account by ID, as they are and as they were a moment ago."""

from collections import deque
from collections.abc import Callable
from typing import Any

from local.sendgrid_double.contacts import Contact


class ContactStore(dict[str, Contact]):
    """Records what each change replaced, as long as reads lag behind.

    now: the time of a change, in seconds since the epoch.
    lag_seconds: how old a change must be for a read to show it.
    """

    def __init__(self, now: Callable[[], float], lag_seconds: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._lag_seconds = lag_seconds
        self._replaced: deque[tuple[float, str, Contact | None]] = deque()

    def __setitem__(self, contact_id: str, contact: Contact) -> None:
        self._record(contact_id)
        super().__setitem__(contact_id, contact)

    def __delitem__(self, contact_id: str) -> None:
        self._record(contact_id)
        super().__delitem__(contact_id)

    def clear(self) -> None:
        self._replaced.clear()
        super().clear()

    def read(self, contact_id: str) -> Contact | None:
        """The contact as a read shows it."""
        return self._hidden().get(contact_id, self.get(contact_id))

    def read_all(self) -> list[Contact]:
        """All contacts as a read shows them."""
        merged: dict[str, Any] = {**self, **self._hidden()}
        return [contact for contact in merged.values() if contact is not None]

    def _record(self, contact_id: str) -> None:
        lag_seconds = self._lag_seconds()
        while self._replaced and self._replaced[0][0] <= self._now() - lag_seconds:
            self._replaced.popleft()
        if lag_seconds:
            self._replaced.append((self._now(), contact_id, self.get(contact_id)))

    def _hidden(self) -> dict[str, Contact | None]:
        """What the changes that no read shows yet have replaced."""
        shown_until = self._now() - self._lag_seconds()
        hidden: dict[str, Contact | None] = {}
        for changed_at, contact_id, before in self._replaced:
            if changed_at > shown_until:
                hidden.setdefault(contact_id, before)
        return hidden
