"""Tells what became of the requests of a queue: to DeletionStatusFunction, to workflows that wait, to EventBridge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contact_deletion.deadline import Clock
from contact_deletion.deliveries import Settled, with_outcomes
from contact_deletion.errors import Deferred, DeletionUntracked
from contact_deletion.notifications.event_bus import EventBus
from contact_deletion.notifications.outcome_events import OutcomeEvent, outcome_events
from contact_deletion.notifications.task_tokens import TaskTokens
from contact_deletion.observability import QueueTelemetry
from contact_deletion.outcomes import Accepted

if TYPE_CHECKING:
    from contact_deletion.notifications.status_checks import StatusCheckQueue


class Notifier:
    def __init__(
        self,
        operation: str,
        *,
        status_messages: "StatusCheckQueue | None",
        task_tokens: TaskTokens,
        event_bus: EventBus,
        telemetry: QueueTelemetry,
        clock: Clock,
    ) -> None:
        """Without `status_messages`, jobs are not followed; a function that starts none has none."""
        self._operation = operation
        self._status_messages = status_messages
        self._task_tokens = task_tokens
        self._event_bus = event_bus
        self._telemetry = telemetry
        self._clock = clock

    def enqueue_status_checks(self, settled: Sequence[Settled]) -> Sequence[Settled]:
        """The same deliveries; those whose jobs could not be handed on have another outcome than acceptance."""
        if self._status_messages is None:
            return settled
        accepted = [one for one in settled if isinstance(one.outcome, Accepted) and one.outcome.job_ids]
        failed = self._status_messages.send(accepted, self._clock())
        return with_outcomes(settled, {id(one): self._untracked(one, reason) for one, reason in failed})

    def publish(self, settled: Sequence[Settled]) -> list[Settled]:
        """Gives back the deliveries that have to come back, because what became of them could not be told.

        They are told again then: whoever is told has to expect the same twice.
        """
        now = self._clock()
        followed = self._status_messages is not None
        concluded = [
            (one, end)
            for one in settled
            for end in outcome_events(self._operation, one, now, followed=followed)
        ]
        untold = self._conclude([end for _, end in concluded])
        return [one for one, end in concluded if id(end) in untold]

    def _conclude(self, ends: Sequence[OutcomeEvent]) -> set[int]:
        """Answers tokens first: to do that twice does no harm, while an event that is put twice is two events."""
        untold: set[int] = set()
        for end, reason in self._task_tokens.answer(ends):
            untold.add(id(end))
            self._telemetry.task_token_failed(end.detail["request_id"], end.detail["job_ids"], reason)
        for end, reason in self._event_bus.put([end for end in ends if id(end) not in untold]):
            untold.add(id(end))
            self._telemetry.event_failed(end.detail["request_id"], end.detail["job_ids"], reason)
        return untold

    def _untracked(self, one: Settled, reason: str) -> Deferred | DeletionUntracked:
        """What the ledger knows comes back and is answered from there; anything else would be sent again."""
        job_ids = one.outcome.job_ids
        self._telemetry.status_message_failed(one.request_id, job_ids, reason)
        if isinstance(one.outcome, Accepted) and one.outcome.recorded:
            return Deferred("nobody follows its jobs yet", job_ids=job_ids)
        return DeletionUntracked.of(job_ids)
