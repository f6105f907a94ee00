"""Removes one identifier from a contact."""

from typing import TYPE_CHECKING, Any

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import ContactNotFound, LastIdentifier, RequestInProgress, SendGridUnavailable
from contact_deletion.outcomes import Accepted
from contact_deletion.requests.identifier_removal import RemoveIdentifier
from contact_deletion.requests.identifiers import IdentifierType, canonical, held_identifiers
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.polling import CONSISTENCY_WINDOW_SECONDS, next_poll_delay

if TYPE_CHECKING:
    from contact_deletion.ledger.claim import Claim
    from contact_deletion.observability import Telemetry

NOTHING_TO_DO = "nothing to do: the contact does not have this identifier"


class IdentifierDeletion:
    """The removal of one identifier from a contact that keeps another."""

    def __init__(self, client: SendGridClient, telemetry: "Telemetry", clock: Clock) -> None:
        self._client = client
        self._telemetry = telemetry
        self._clock = clock

    def delete(self, request: RemoveIdentifier, deadline: Deadline, claim: "Claim") -> Accepted:
        """Removes the identifier, whose value is sent as the contact has it.

        SendGrid accepts the removal of a last identifier, and of one that is gone, and then fails the job, so the
        contact is looked up first. The claim has the time of an earlier call that may have taken effect, and records
        whether this call may have.

        Raises ContactNotFound, LastIdentifier, RequestInProgress while SendGrid may still be processing the earlier
        call, and what the client raises.
        """
        sent_at = claim.sent_at
        identifiers = self._identifiers(request, deadline, sent_at)
        held = identifiers.get(request.identifier_type)
        if held is None or not same_identifier(request, held):
            return Accepted((), contact_count=0, note=NOTHING_TO_DO)
        age = None if sent_at is None else self._clock() - sent_at
        if age is not None and age < CONSISTENCY_WINDOW_SECONDS:
            raise RequestInProgress(
                "SendGrid may have received the removal, and may still be processing it",
                retry_after=next_poll_delay(age),
            )
        if len(identifiers) == 1:
            raise LastIdentifier("the identifier is the contact's only one; delete the contact instead")
        try:
            job_id = self._client.delete_identifier(
                request.contact_id, request.identifier_type, held, deadline
            )
        except SendGridUnavailable as unavailable:
            if unavailable.maybe_received:
                claim.may_have_taken_effect()
            raise
        self._telemetry.deletion_started(job_id)
        return Accepted((job_id,), contact_count=1)

    def _identifiers(
        self, request: RemoveIdentifier, deadline: Deadline, sent_at: float | None
    ) -> dict[IdentifierType, str]:
        """The contact's identifiers: none where it was deleted after an earlier delivery had found it."""
        try:
            return held_identifiers(self._client.contact(request.contact_id, deadline))
        except ContactNotFound:
            if sent_at is None:
                raise
            return {}


def check_identifier(client: SendGridClient, request: RemoveIdentifier, deadline: Deadline) -> dict[str, Any]:
    """Whether the contact has the identifier, and whether it is its last one."""
    held = held_identifiers(client.contact(request.contact_id, deadline))
    present = same_identifier(request, held.get(request.identifier_type))
    return {"present": present, "last": present and len(held) == 1}


def same_identifier(request: RemoveIdentifier, held: str | None) -> bool:
    """Whether `held`, the contact's identifier of the request's type, is the one that the request names."""
    kind = request.identifier_type
    return held is not None and canonical(kind, held) == canonical(kind, request.identifier_value)
