"""Which contacts still have an identifier of the type that was removed."""

from collections.abc import Iterable

from contact_deletion.deadline import Deadline
from contact_deletion.errors import ContactNotFound, Deferred, SendGridRefused
from contact_deletion.request.follow_up import FollowedIdentifier
from contact_deletion.sendgrid.ask_each import ask_each
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.identifiers import held_identifiers

RemainingIdentifiers = dict[FollowedIdentifier, bool | Deferred | None]


def look_up(
    client: SendGridClient, identifiers: Iterable[FollowedIdentifier], deadline: Deadline
) -> RemainingIdentifiers:
    """Each once: whether it remains, None where SendGrid refused to say, or why there is no answer yet."""

    def remains(identifier: FollowedIdentifier) -> bool | None:
        try:
            contact = client.contact(identifier.contact_id, deadline)
        except ContactNotFound:
            return False
        except SendGridRefused:
            return None
        return identifier.identifier_type in held_identifiers(contact)

    return ask_each(dict.fromkeys(identifiers), remains)
