"""Which of the contacts of refused calls exist."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.packing import runs
from contact_deletion.errors import Deferred, SendGridRefused
from contact_deletion.sendgrid.client import MAX_LOOKED_UP, SendGridClient


@dataclass
class Existence:
    """The IDs that SendGrid has a contact for, those that it has none for, and why others were not asked for.

    Where SendGrid refuses a look-up, its contacts count as existing.
    """

    existing: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    not_asked: set[str] = field(default_factory=set)
    interruption: Deferred | None = None


def look_up(client: SendGridClient, contact_ids: Iterable[str], deadline: Deadline) -> Existence:
    """Each contact once, 100 in a call. The first failure worth retrying ends it: the next call would share it."""
    found = Existence()
    for chunk in runs(list(dict.fromkeys(contact_ids)), MAX_LOOKED_UP):
        if found.interruption:
            found.not_asked.update(chunk)
            continue
        try:
            existing = client.existing_contacts(chunk, deadline)
        except SendGridRefused:
            existing = frozenset(chunk)
        except Deferred as interruption:
            found.interruption = interruption
            found.not_asked.update(chunk)
            continue
        found.existing |= existing
        found.gone.update(frozenset(chunk) - existing)
    return found
