"""Claim, act, record: for deletions that two invocations must not do at the same time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import (
    Deferred,
    DeleteAllUnconfirmed,
    LedgerUnavailable,
    NotAccepted,
    Rejected,
    RequestInProgress,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.ledger import stored
from contact_deletion.ledger.faults import ledger_errors
from contact_deletion.ledger.layer import COMPLETED, Layers, payload_of
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.request.base import DeletionRequest
from contact_deletion.telemetry.queue import QueueTelemetry

MakePermanent = Callable[[], None]

RequestT = TypeVar("RequestT", bound=DeletionRequest)


class Claim:
    """An invocation's hold on one request. It ends with the invocation at the latest, unless it is made permanent."""

    def __init__(self, layers: Layers, request: DeletionRequest, deadline: Deadline) -> None:
        self._layer = layers.of(request)
        self._payload = payload_of(request)
        self._deadline = deadline

    def take(self) -> None:
        """Raises Powertools' IdempotencyItemAlreadyExistsError or IdempotencyValidationError, or LedgerUnavailable."""
        with ledger_errors():
            self._layer.save_inprogress(self._payload, self._deadline.invocation_remaining_millis())

    def make_permanent(self) -> None:
        """To be called right before an act that may be done only once: from here on no other invocation acts on this
        request, even if this one dies, unless the claim is released.

        Raises RequestInProgress when another invocation was first, LedgerUnavailable.
        """
        mark = stored.UNCONFIRMED | {"sender_ends_at": self._deadline.invocation_ends}
        self._layer.mark_as_sending(self._payload, mark)

    def record(self, response: dict[str, Any]) -> None:
        with ledger_errors():
            self._layer.save_success(self._payload, response)

    def release(self, because: Exception) -> None:
        with ledger_errors():
            self._layer.delete_record(self._payload, because)


class Claims(Generic[RequestT]):
    """Lets `act` run once for each request, and answers repetitions from the record."""

    def __init__(self, layers: Layers, telemetry: QueueTelemetry, clock: Clock) -> None:
        self._layers = layers
        self._telemetry = telemetry
        self._clock = clock

    def settle(
        self,
        requests: Sequence[RequestT],
        act: Callable[[RequestT, Deadline, MakePermanent], Accepted],
        deadline: Deadline,
    ) -> list[DeletionOutcome]:
        """One outcome for each request, in their order.

        `act` is handed the claim's `make_permanent`, and raises Rejected or Deferred for what it does not accept.
        Anything else it raises passes through, and leaves the claim to end by itself. One probe per outage: after a
        SendGridUnavailable or SendGridUnauthorized the rest is deferred without a try.
        """
        outcomes: list[DeletionOutcome] = []
        for request in requests:
            last = outcomes[-1] if outcomes else None
            outage = last if isinstance(last, SendGridUnavailable | SendGridUnauthorized) else None
            outcomes.append(outage or self._settle_one(request, act, deadline))
        return outcomes

    def _settle_one(
        self,
        request: RequestT,
        act: Callable[[RequestT, Deadline, MakePermanent], Accepted],
        deadline: Deadline,
    ) -> DeletionOutcome:
        claim = Claim(self._layers, request, deadline)
        try:
            claim.take()
        except IdempotencyValidationError:
            return stored.conflict()
        except IdempotencyItemAlreadyExistsError as exists:
            return self._standing(exists.old_data_record)
        except LedgerUnavailable as unavailable:
            return unavailable
        try:
            accepted = act(request, deadline, claim.make_permanent)
        except DeleteAllUnconfirmed as unconfirmed:
            self._keep(claim, request, stored.UNCONFIRMED, unconfirmed.job_ids)
            return unconfirmed
        except RequestInProgress as lost:
            return lost
        except (Rejected, Deferred) as outcome:
            self._release(claim, request, outcome)
            return outcome
        recorded = self._keep(claim, request, stored.of_accepted(accepted), accepted.job_ids)
        return accepted if recorded else replace(accepted, recorded=False)

    def _standing(self, record: DataRecord | None) -> DeletionOutcome:
        if record is not None:
            if record.status == COMPLETED:
                return stored.replayed(record)
            mark = record.response_json_as_dict()
            if mark and mark["sender_ends_at"] < self._clock():
                return stored.unconfirmed()
        return RequestInProgress("the same request is being handled by another invocation")

    def _keep(
        self, claim: Claim, request: DeletionRequest, response: dict[str, Any], job_ids: tuple[str, ...]
    ) -> bool:
        """Whether it is recorded. A record that cannot be written does not undo what SendGrid has accepted."""
        try:
            claim.record(response)
        except LedgerUnavailable as unavailable:
            self._telemetry.ledger_write_failed(request.request_id, job_ids, unavailable)
            return False
        return True

    def _release(self, claim: Claim, request: DeletionRequest, outcome: NotAccepted) -> None:
        """A claim that cannot be released ends with the invocation; one that was made permanent stays unconfirmed."""
        try:
            claim.release(outcome)
        except LedgerUnavailable as unavailable:
            self._telemetry.ledger_write_failed(request.request_id, outcome.job_ids, unavailable)
