"""The truth about contacts whose jobs leave it in doubt: whether SendGrid still has them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred, SendGridRefused
from contact_deletion.sendgrid.client import MAX_LOOKED_UP, SendGridClient


class Verification(StrEnum):
    """When the contacts of a bulk deletion are looked up at its end."""

    ON_ERROR = "on-error"
    ALWAYS = "always"
    NEVER = "never"


@dataclass
class Existence:
    """What was learned of contacts: which there are, which SendGrid did not say anything of, and what cut it short."""

    looked_up: set[str] = field(default_factory=set)
    there: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)
    interruption: Deferred | None = None

    def still_there(self, contact_ids: Iterable[str]) -> tuple[str, ...] | None:
        """Those of the contacts that there are; None where they were not looked up. Raises the interruption."""
        ids = frozenset(contact_ids)
        if self.interruption and not ids <= self.looked_up | self.untold:
            raise self.interruption
        return tuple(sorted(ids & self.there)) if ids and ids <= self.looked_up else None


def look_up(client: SendGridClient, contact_ids: Iterable[str], deadline: Deadline) -> Existence:
    """Each contact once, however many requests name it."""
    ids = list(dict.fromkeys(contact_ids))
    existence = Existence()
    for start in range(0, len(ids), MAX_LOOKED_UP):
        chunk = ids[start : start + MAX_LOOKED_UP]
        try:
            existence.there |= client.existing_contacts(chunk, deadline)
            existence.looked_up |= set(chunk)
        except SendGridRefused:
            existence.untold |= set(chunk)
        except Deferred as interruption:
            existence.interruption = interruption
            break
    return existence
