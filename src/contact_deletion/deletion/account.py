"""Deletes every contact of the account, at most once for each request."""

from typing import TYPE_CHECKING

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.deletion import guards
from contact_deletion.deletion.guards import check_subuser
from contact_deletion.errors import DeleteAllUnconfirmed, SendGridUnavailable
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Accepted
from contact_deletion.requests.account_deletion import DeleteAll
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.transport import require_time

if TYPE_CHECKING:
    from contact_deletion.ledger.claim import Claim


class AccountDeletion:
    """The deletion of every contact of an account, behind its guards."""

    def __init__(
        self,
        client: SendGridClient,
        telemetry: Telemetry,
        clock: Clock,
        *,
        enabled: bool,
        max_age_seconds: int,
    ) -> None:
        self._client = client
        self._telemetry = telemetry
        self._clock = clock
        self._enabled = enabled
        self._max_age_seconds = max_age_seconds

    def delete(self, request: DeleteAll, deadline: Deadline, claim: "Claim") -> Accepted:
        """Sends the request, once the claim makes sure that no other invocation does.

        Raises DeleteAllRefused where a guard refuses, DeleteAllUnconfirmed where SendGrid may or may not have received
        the request, and what the client raises where SendGrid did not receive it.
        """
        guards.check_enabled(self._enabled)
        guards.check_confirmation(request)
        self._check_age(request)
        contact_count = self._client.contact_count(deadline)
        guards.check_ceiling(request, contact_count)
        check_subuser(self._client, deadline)
        require_time(deadline)
        self._check_age(request)  # the lookups may have waited for the rate limit
        claim.make_permanent()
        try:
            job_id = self._client.delete_all_contacts()
        except SendGridUnavailable as unavailable:
            if unavailable.maybe_received:
                raise DeleteAllUnconfirmed.because(unavailable.message) from None
            raise
        self._telemetry.deletion_started(job_id)
        return Accepted((job_id,), contact_count)

    def _check_age(self, request: DeleteAll) -> None:
        guards.check_age(request, self._clock(), self._max_age_seconds)
