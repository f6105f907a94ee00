"""The one shape of every function: a list of requests goes in, one outcome for each comes out."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from contact_deletion.deadline import Deadline, LambdaContext
from contact_deletion.deliveries import Delivery, Settled, deliveries, with_outcomes
from contact_deletion.errors import Failure, InvalidRequest, NotAccepted, Rejected
from contact_deletion.outcomes import Outcome
from contact_deletion.platform.queue import Parts
from contact_deletion.requests.base import Request
from contact_deletion.requests.validation import envelope
from contact_deletion.responses import direct

if TYPE_CHECKING:
    from contact_deletion.ledger.rejections import Rejections

RequestT = TypeVar("RequestT", bound=Request)


class QueueFunction(Generic[RequestT]):
    """`handle` is the function's Lambda handler.

    `parse` raises InvalidRequest; `process` gives one outcome for each request, in their order. A function that may
    reject today what it would accept tomorrow has `rejections`; one that acts differently on a request that may have
    been tried before has `as_retried`.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        parse: Callable[[object], RequestT],
        process: Callable[[Sequence[RequestT], Deadline], Sequence[Outcome]],
        rejections: "Rejections | None" = None,
        as_retried: Callable[[RequestT], RequestT] | None = None,
    ) -> None:
        self._parts = parts
        self._parse = parse
        self._process = process
        self._rejections = rejections
        self._as_retried = as_retried
        self.handle = parts.telemetry.instrument(self._handle)

    def _handle(self, event: Any, context: LambdaContext) -> dict[str, Any]:
        deadline = Deadline.of(context, self._parts.clock)
        arrived = deliveries(event)
        told = self._told_before(arrived)
        parsed = [self._parsed(delivery, told) for delivery in arrived]
        requests = [request for request in parsed if not isinstance(request, NotAccepted)]
        outcomes = iter(self._process(requests, deadline))
        settled = [
            Settled(delivery.message, None, *envelope(delivery.payload), request)
            if isinstance(request, NotAccepted)
            else Settled(delivery.message, request, request.request_id, request.task_token, next(outcomes))
            for delivery, request in zip(arrived, parsed, strict=True)
        ]
        recorded = self._recorded(settled)
        self._report(recorded)
        return self._reply(recorded)

    def _told_before(self, arrived: Sequence[Delivery]) -> Mapping[str, Failure]:
        """By message id, the outcomes that a message had before and keeps. On its first delivery it had none."""
        if self._rejections is None:
            return {}
        messages = [delivery.message for delivery in arrived if delivery.message]
        return self._rejections.told(one.message_id for one in messages if one.receive_count > 1)

    def _parsed(self, delivery: Delivery, told: Mapping[str, Failure]) -> RequestT | Failure:
        """The request, or why it is not acted on."""
        if isinstance(delivery.payload, InvalidRequest):
            return delivery.payload
        try:
            request = self._parse(delivery.payload)
        except InvalidRequest as invalid:
            return invalid
        if self._as_retried and (delivery.message is None or delivery.message.receive_count > 1):
            request = self._as_retried(request)
        return told.get(delivery.message.message_id, request) if delivery.message else request

    def _recorded(self, settled: Sequence[Settled]) -> Sequence[Settled]:
        """A rejection that cannot be recorded is told to nobody, and comes back. What is invalid is so for ever."""
        if self._rejections is None:
            return settled
        unrecorded = self._rejections.keep(
            {
                one.message_id: one.outcome
                for one in settled
                if one.message_id
                and isinstance(one.outcome, Rejected)
                and not isinstance(one.outcome, InvalidRequest)
            }
        )
        return with_outcomes(
            settled,
            {
                id(one): unrecorded[one.message_id].with_jobs(one.outcome.job_ids)
                for one in settled
                if one.message_id in unrecorded
            },
        )

    def _report(self, settled: Sequence[Settled]) -> None:
        for one in settled:
            self._parts.telemetry.outcome(
                one.outcome,
                request_id=one.request_id,
                message_id=one.message_id,
                receive_count=one.message.receive_count if one.message else None,
            )
        usage = self._parts.client.take_usage()
        self._parts.telemetry.usage(usage.api_calls, usage.rate_limit_wait_seconds)

    def _reply(self, settled: Sequence[Settled]) -> dict[str, Any]:
        """The only place that tells SQS from Step Functions."""
        if len(settled) == 1 and settled[0].message is None:
            return direct.answer(settled[0].outcome, settled[0].request_id)
        return self._parts.queue_reply.partial_batch_response(settled)
