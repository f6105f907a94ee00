"""Claims, processes and records each request: for deletions that must not run twice at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import (
    Deferred,
    DeleteAllUnconfirmed,
    LedgerUnavailable,
    NotAccepted,
    Rejected,
    RequestConflict,
    RequestInProgress,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.ledger import records
from contact_deletion.ledger.claim import Claim, Standing
from contact_deletion.ledger.store import Stores
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.requests.base import DeletionRequest

RequestT = TypeVar("RequestT", bound=DeletionRequest)


class Claims(Generic[RequestT]):
    """Calls `delete` once for each request, and answers repetitions from the ledger's record.

    `delete` raises Rejected or Deferred for a request that is not accepted. Any other error passes through, and the
    claim ends with the invocation.
    """

    def __init__(
        self,
        stores: Stores,
        telemetry: Telemetry,
        clock: Clock,
        delete: Callable[[RequestT, Deadline, Claim], Accepted],
    ) -> None:
        self._stores = stores
        self._telemetry = telemetry
        self._clock = clock
        self._delete = delete

    def process(self, requests: Sequence[RequestT], deadline: Deadline) -> list[DeletionOutcome]:
        """Returns one outcome for each request, in their order.

        There is one probe per outage: after SendGridUnavailable or SendGridUnauthorized the rest is deferred untried.
        """
        outcomes: list[DeletionOutcome] = []
        for request in requests:
            last = outcomes[-1] if outcomes else None
            outage = last if isinstance(last, SendGridUnavailable | SendGridUnauthorized) else None
            outcomes.append(outage or self._process_one(request, deadline))
        return outcomes

    def _process_one(self, request: RequestT, deadline: Deadline) -> DeletionOutcome:
        claim = Claim(self._stores, request, deadline)
        try:
            standing = claim.take()
        except (RequestConflict, RequestInProgress, LedgerUnavailable) as unclaimed:
            return unclaimed
        if standing is not None:
            return self._answer(standing)
        try:
            accepted = self._delete(request, deadline, claim)
        except DeleteAllUnconfirmed as unconfirmed:
            self._record(claim, request, records.UNCONFIRMED, unconfirmed.job_ids)
            return unconfirmed
        except (Rejected, Deferred) as outcome:
            self._release(claim, request, outcome)
            return outcome
        recorded = self._record(claim, request, records.of_accepted(accepted), accepted.job_ids)
        return accepted if recorded else replace(accepted, recorded=False)

    def _answer(self, standing: Standing) -> DeletionOutcome:
        """The outcome of a request that is completed, or that another invocation has claimed."""
        if standing.completed:
            return records.replayed(standing.record)
        mark = standing.record.response_json_as_dict()
        if mark and mark["sender_ends_at"] < self._clock():
            return records.unconfirmed()
        return RequestInProgress("the same request is being handled by another invocation")

    def _record(
        self, claim: Claim, request: DeletionRequest, response: dict[str, Any], job_ids: tuple[str, ...]
    ) -> bool:
        """Whether the response is recorded. A failure does not undo what SendGrid has accepted."""
        try:
            claim.record(response)
        except LedgerUnavailable as unavailable:
            self._telemetry.ledger_write_failed(request.request_id, job_ids, unavailable)
            return False
        return True

    def _release(self, claim: Claim, request: DeletionRequest, outcome: NotAccepted) -> None:
        """A claim that cannot be released ends with the invocation; one that was made permanent stays unconfirmed."""
        try:
            claim.release()
        except LedgerUnavailable as unavailable:
            self._telemetry.ledger_write_failed(request.request_id, outcome.job_ids, unavailable)
