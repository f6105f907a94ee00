"""Removes one identifier from a contact."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contact_deletion.deadline import Deadline
from contact_deletion.errors import LastIdentifier
from contact_deletion.outcomes import Accepted
from contact_deletion.request.remove_identifier import IdentifierType, RemoveIdentifier
from contact_deletion.sendgrid.client import SendGridClient

if TYPE_CHECKING:
    from contact_deletion.telemetry.queue import QueueTelemetry

CONTACT_FIELDS = {
    IdentifierType.EMAIL: "email",
    IdentifierType.PHONENUMBERID: "phone_number_id",
    IdentifierType.EXTERNALID: "external_id",
    IdentifierType.ANONYMOUSID: "anonymous_id",
}
"""Where a contact has its identifiers (Twilio docs: Get a Contact by ID). One that it lacks is absent or empty."""

NOTHING_TO_DO = "nothing to do: the contact does not have this identifier"


class IdentifierDeletion:
    def __init__(self, client: SendGridClient, telemetry: "QueueTelemetry") -> None:
        self._client = client
        self._telemetry = telemetry

    def delete(self, request: RemoveIdentifier, deadline: Deadline) -> Accepted:
        """Raises ContactNotFound, LastIdentifier and what the client raises.

        SendGrid accepts the removal of a last identifier and then fails the job, so the contact is looked at first;
        what is sent is the value as the contact has it.
        """
        identifiers = held_identifiers(self._client.contact(request.contact_id, deadline))
        held = identifiers.get(request.identifier_type)
        if held is None or not same_identifier(request, held):
            return Accepted((), contact_count=0, note=NOTHING_TO_DO)
        if len(identifiers) == 1:
            raise LastIdentifier("the identifier is the contact's only one; delete the contact instead")
        job_id = self._client.delete_identifier(request.contact_id, request.identifier_type, held, deadline)
        self._telemetry.deletion_started(job_id)
        return Accepted((job_id,), contact_count=1)


def held_identifiers(contact: Mapping[str, Any]) -> dict[IdentifierType, str]:
    """The identifiers that a contact has."""
    return {
        kind: value
        for kind, field in CONTACT_FIELDS.items()
        if isinstance(value := contact.get(field), str) and value
    }


def same_identifier(request: RemoveIdentifier, held: str | None) -> bool:
    """Whether the identifier that the contact has of the request's type is the one that the request names."""
    kind = request.identifier_type
    return held is not None and _canonical(kind, held) == _canonical(kind, request.identifier_value)


def _canonical(identifier_type: IdentifierType, value: str) -> str:
    """SendGrid lower-cases e-mail addresses, and its samples write phone numbers with and without the plus sign."""
    if identifier_type is IdentifierType.EMAIL:
        return value.lower()
    if identifier_type is IdentifierType.PHONENUMBERID:
        return value.removeprefix("+")
    return value
