"""The shape of a function that has a queue: a batch or a direct payload in, one outcome for each request out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from contact_deletion.deadline import Deadline, LambdaContext
from contact_deletion.deliveries import Delivery, deliveries
from contact_deletion.errors import Failure, InvalidRequest, NotAccepted, Rejected
from contact_deletion.notifications.event_bus import EventBus
from contact_deletion.notifications.notifier import Notifier
from contact_deletion.notifications.outcome_events import PUBLISHED
from contact_deletion.notifications.task_tokens import TaskTokens
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Outcome
from contact_deletion.requests.base import Request
from contact_deletion.responses.direct import direct_response
from contact_deletion.responses.queue import QueueResponse
from contact_deletion.runtime import Runtime

if TYPE_CHECKING:
    from contact_deletion.ledger.rejections import Rejections
    from contact_deletion.notifications.status_checks import StatusCheckQueue
    from contact_deletion.sendgrid.client import SendGridClient

RequestT = TypeVar("RequestT", bound=Request)


class QueueFunction(Generic[RequestT]):
    """A function that SQS and Step Functions invoke. `handle` is its Lambda handler.

    `parse` raises InvalidRequest. `process` gives one outcome for each request, in their order. `client` is the one
    whose calls are counted. A function that starts jobs has `status_checks`, one that may reject today what it would
    accept tomorrow has `rejections`, and one that handles a repeated request differently has `as_retried`.
    """

    def __init__(
        self,
        runtime: Runtime,
        telemetry: Telemetry,
        client: "SendGridClient",
        *,
        parse: Callable[[object], RequestT],
        process: Callable[[Sequence[RequestT], Deadline], Sequence[Outcome]],
        status_checks: "StatusCheckQueue | None" = None,
        rejections: "Rejections | None" = None,
        as_retried: Callable[[RequestT], RequestT] | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._client = client
        self._clock = runtime.clock
        self._parse = parse
        self._process = process
        self._rejections = rejections
        self._as_retried = as_retried
        notifier = Notifier(
            telemetry,
            status_checks=status_checks,
            task_tokens=TaskTokens(lambda: runtime.step_functions, telemetry, runtime.threads),
            event_bus=EventBus(
                lambda: runtime.events,
                runtime.settings.event_bus_name,
                runtime.sleep,
                runtime.jitter,
                runtime.threads,
            ),
            published=PUBLISHED[runtime.settings.outcome_events],
            clock=runtime.clock,
        )
        self._queue_response = QueueResponse(
            notifier,
            runtime.sqs,
            runtime.settings.dead_letter_queue_url,
            telemetry,
            runtime.jitter,
            runtime.threads,
        )
        self.handle = telemetry.instrument(self._handle)

    def _handle(self, event: Any, context: LambdaContext) -> dict[str, Any]:
        try:
            deadline = Deadline.of(context, self._clock)
            batch = deliveries(event)
            parsed = self._parse_requests(batch)
            outcomes = self._process([request for _, request in parsed], deadline)
            for (delivery, _), outcome in zip(parsed, outcomes, strict=True):
                delivery.outcome = outcome
            self._record_rejections(batch)
            self._log(batch)
            return self._respond(batch)
        finally:
            self._telemetry.flush()

    def _parse_requests(self, batch: Sequence[Delivery]) -> list[tuple[Delivery, RequestT]]:
        """The requests to process; the other deliveries have their outcomes already."""
        recalled = self._recall(batch)
        parsed: list[tuple[Delivery, RequestT]] = []
        for delivery in batch:
            request = self._parsed(delivery, recalled)
            if isinstance(request, NotAccepted):
                delivery.outcome = request
            else:
                delivery.request = request
                parsed.append((delivery, request))
        return parsed

    def _parsed(self, delivery: Delivery, recalled: Mapping[str, Failure]) -> RequestT | Failure:
        """The request, or the outcome of a delivery that is not processed."""
        if isinstance(delivery.payload, InvalidRequest):
            return delivery.payload
        try:
            request = self._parse(delivery.payload)
        except InvalidRequest as invalid:
            return invalid
        # A direct caller does not say how often it tried.
        if self._as_retried and delivery.receive_count != 1:
            request = self._as_retried(request)
        return recalled.get(delivery.message_id, request) if delivery.message_id else request

    def _recall(self, batch: Sequence[Delivery]) -> Mapping[str, Failure]:
        """By message ID, the outcomes of messages that were rejected before. They stay rejected."""
        if self._rejections is None:
            return {}
        return self._rejections.recall(
            delivery.message.message_id
            for delivery in batch
            if delivery.message and delivery.message.receive_count > 1
        )

    def _record_rejections(self, batch: Sequence[Delivery]) -> None:
        """A rejection that cannot be recorded is not reported: its message comes back.

        An invalid request needs no record, because it stays invalid.
        """
        if self._rejections is None:
            return
        rejected = {
            delivery.message_id: delivery.outcome
            for delivery in batch
            if delivery.message_id
            and isinstance(delivery.outcome, Rejected)
            and not isinstance(delivery.outcome, InvalidRequest)
        }
        unrecorded = self._rejections.record(rejected)
        for delivery in batch:
            if delivery.message_id in unrecorded:
                failure = unrecorded[delivery.message_id]
                delivery.outcome = failure.with_jobs(delivery.outcome.job_ids)

    def _log(self, batch: Sequence[Delivery]) -> None:
        for delivery in batch:
            self._telemetry.outcome(
                delivery.outcome,
                request_id=delivery.request_id,
                message_id=delivery.message_id,
                receive_count=delivery.receive_count,
            )
        self._telemetry.write_outcomes()
        usage = self._client.take_usage()
        self._telemetry.usage(usage.api_calls, usage.rate_limit_wait_seconds)

    def _respond(self, batch: Sequence[Delivery]) -> dict[str, Any]:
        """The only place that distinguishes SQS from Step Functions."""
        if len(batch) == 1 and batch[0].message is None:
            return direct_response(batch[0].outcome, batch[0].request_id)
        return self._queue_response.partial_batch_response(batch)
