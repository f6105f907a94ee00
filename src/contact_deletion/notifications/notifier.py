"""Notifies everyone who waits for a request: DeletionStatusFunction, waiting workflows and EventBridge."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from contact_deletion.deadline import Clock
from contact_deletion.deliveries import Delivery
from contact_deletion.errors import Deferred, DeletionUntracked
from contact_deletion.notifications.event_bus import EventBus
from contact_deletion.notifications.outcome_events import Kind, outcome_events
from contact_deletion.notifications.task_tokens import TaskTokens
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Accepted, Outcome

if TYPE_CHECKING:
    from contact_deletion.notifications.status_checks import StatusCheckQueue


class Notifier:
    """Publishes what is known of deliveries, and changes the outcome of those for which that fails."""

    def __init__(
        self,
        telemetry: Telemetry,
        *,
        status_checks: "StatusCheckQueue | None",
        task_tokens: TaskTokens,
        event_bus: EventBus,
        published: Collection[Kind],
        clock: Clock,
    ) -> None:
        """A function that starts no jobs has no `status_checks`. `published` are the kinds of events for the bus."""
        self._telemetry = telemetry
        self._status_checks = status_checks
        self._task_tokens = task_tokens
        self._event_bus = event_bus
        self._published = published
        self._clock = clock

    def enqueue_status_checks(self, batch: Sequence[Delivery]) -> None:
        """Has the jobs of accepted requests tracked."""
        if self._status_checks is None:
            return
        accepted = [
            delivery
            for delivery in batch
            if isinstance(delivery.outcome, Accepted) and delivery.outcome.job_ids
        ]
        # A request with many jobs may be named in several messages.
        untracked = [
            (delivery, reason, _untracked(delivery.outcome))
            for delivery, reason in self._status_checks.send(accepted, self._clock())
        ]
        for delivery, reason, outcome in untracked:
            self._telemetry.status_message_failed(delivery.request_id, outcome.job_ids, reason)
            delivery.outcome = outcome

    def publish(self, batch: Sequence[Delivery]) -> None:
        """Publishes every final outcome: the waiting task's response first, then the event, if its kind is published.

        To answer a task twice does no harm, while an event that is published twice is two events. A delivery whose
        outcome could not be published comes back and is published again, so consumers must accept duplicates.
        """
        now = self._clock()
        events = [
            event
            for delivery in batch
            for event in outcome_events(self._telemetry.operation, delivery, self._published, now)
        ]
        answered = []
        for event, reason in zip(events, self._task_tokens.answer(events), strict=True):
            if reason is None:
                answered += [event] if event.kind in self._published else []
            else:
                self._telemetry.task_token_failed(event.detail["request_id"], event.detail["job_ids"], reason)
                _defer(event.delivery)
        for event, reason in self._event_bus.put(answered):
            self._telemetry.event_failed(event.detail["request_id"], event.detail["job_ids"], reason)
            _defer(event.delivery)


def _untracked(outcome: Outcome) -> Deferred | DeletionUntracked:
    """What is in the ledger comes back and is answered from there; anything else would be sent again."""
    if isinstance(outcome, Accepted) and outcome.recorded:
        return Deferred("the jobs are not tracked yet", job_ids=outcome.job_ids)
    return DeletionUntracked.of(outcome.job_ids)


def _defer(delivery: Delivery) -> None:
    # An untracked deletion is in the dead-letter queue by now; if its message came back, it would be sent again.
    if not isinstance(delivery.outcome, DeletionUntracked):
        delivery.outcome = Deferred("the outcome could not be published")
