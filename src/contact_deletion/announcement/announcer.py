"""Tells what became of the requests of a queue: to DeletionStatusFunction, to workflows that wait, to EventBridge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from contact_deletion.announcement.conclusion import Conclusion, conclusions
from contact_deletion.announcement.event_bus import EventBus
from contact_deletion.announcement.task_tokens import TaskTokens
from contact_deletion.deadline import Clock
from contact_deletion.errors import Deferred, DeletionUnfollowed
from contact_deletion.outcomes import Accepted
from contact_deletion.settled import Settled, with_outcomes
from contact_deletion.telemetry.queue import QueueTelemetry

if TYPE_CHECKING:
    from contact_deletion.announcement.status_messages import StatusMessages


class Announcer:
    def __init__(
        self,
        operation: str,
        *,
        status_messages: "StatusMessages | None",
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

    def have_followed(self, settled: Sequence[Settled]) -> Sequence[Settled]:
        """The same deliveries; those whose jobs could not be handed on have another outcome than acceptance."""
        if self._status_messages is None:
            return settled
        accepted = [one for one in settled if isinstance(one.outcome, Accepted) and one.outcome.job_ids]
        failed = self._status_messages.send(accepted, self._clock())
        return with_outcomes(settled, {id(one): self._unfollowed(one, reason) for one, reason in failed})

    def announce(self, settled: Sequence[Settled]) -> list[Settled]:
        """Gives back the deliveries that have to come back, because what became of them could not be told.

        They are told again then: whoever is told has to expect the same twice.
        """
        now = self._clock()
        followed = self._status_messages is not None
        concluded = [
            (one, end) for one in settled for end in conclusions(self._operation, one, now, followed=followed)
        ]
        untold = self._conclude([end for _, end in concluded])
        return [one for one, end in concluded if id(end) in untold]

    def _conclude(self, ends: Sequence[Conclusion]) -> set[int]:
        """Answers tokens first: to do that twice does no harm, while an event that is put twice is two events."""
        untold: set[int] = set()
        for end, reason in self._task_tokens.answer(ends):
            untold.add(id(end))
            self._telemetry.task_token_failed(end.detail["request_id"], end.detail["job_ids"], reason)
        for end, reason in self._event_bus.put([end for end in ends if id(end) not in untold]):
            untold.add(id(end))
            self._telemetry.event_failed(end.detail["request_id"], end.detail["job_ids"], reason)
        return untold

    def _unfollowed(self, one: Settled, reason: str) -> Deferred | DeletionUnfollowed:
        """What the ledger knows comes back and is answered from there; anything else would be sent again."""
        job_ids = one.outcome.job_ids
        self._telemetry.status_message_failed(one.request_id, job_ids, reason)
        if isinstance(one.outcome, Accepted) and one.outcome.recorded:
            return Deferred("nobody follows its jobs yet", job_ids=job_ids)
        return DeletionUnfollowed.of(job_ids)
