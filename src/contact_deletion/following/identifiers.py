"""Which contacts still have an identifier of the type that was removed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contact_deletion.deadline import Deadline
from contact_deletion.errors import ContactNotFound, Deferred, SendGridRefused
from contact_deletion.request.follow_up import FollowedIdentifier
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.identifiers import held_identifiers


@dataclass
class RemainingIdentifiers:
    """What was learned, and what kept the rest from being looked up; of what is in neither SendGrid said nothing."""

    remain: dict[FollowedIdentifier, bool] = field(default_factory=dict)
    deferred: dict[FollowedIdentifier, Deferred] = field(default_factory=dict)

    def remains(self, identifier: FollowedIdentifier | None) -> bool | None:
        """None where it was not looked up, or where SendGrid refused to say. Raises Deferred."""
        if identifier is None:
            return None
        if identifier in self.deferred:
            raise self.deferred[identifier]
        return self.remain.get(identifier)


def look_up(
    client: SendGridClient, identifiers: Iterable[FollowedIdentifier], deadline: Deadline
) -> RemainingIdentifiers:
    """Each once; after a failure that the next call would share, the rest is not asked for."""
    found = RemainingIdentifiers()
    outage: Deferred | None = None
    for identifier in dict.fromkeys(identifiers):
        if outage is None:
            try:
                contact = client.contact(identifier.contact_id, deadline)
                found.remain[identifier] = identifier.identifier_type in held_identifiers(contact)
            except ContactNotFound:
                found.remain[identifier] = False
            except SendGridRefused:
                pass  # not the identifier's end: the job's end is the request's
            except Deferred as deferred:
                outage = deferred
        if outage is not None:
            found.deferred[identifier] = outage
    return found
