"""The one shape of every function: a list of requests goes in, one outcome for each comes out."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from contact_deletion.deadline import Deadline, LambdaContext
from contact_deletion.errors import InvalidRequest
from contact_deletion.inbound import Delivery, deliveries
from contact_deletion.outcomes import Outcome
from contact_deletion.platform.queue import Parts
from contact_deletion.reply import direct
from contact_deletion.request.base import Request
from contact_deletion.request.fields import envelope
from contact_deletion.settled import Settled

RequestT = TypeVar("RequestT", bound=Request)


class Application(Generic[RequestT]):
    """`handle` is the function's Lambda handler.

    `parse` raises InvalidRequest; `settle` gives one outcome for each request, in their order.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        parse: Callable[[object], RequestT],
        settle: Callable[[Sequence[RequestT], Deadline], Sequence[Outcome]],
    ) -> None:
        self._parts = parts
        self._parse = parse
        self._settle = settle
        self.handle = parts.telemetry.instrument(self._handle)

    def _handle(self, event: Any, context: LambdaContext) -> dict[str, Any]:
        deadline = Deadline.of(context, self._parts.clock)
        arrived = deliveries(event)
        parsed = [self._parsed(delivery) for delivery in arrived]
        requests = [request for request in parsed if not isinstance(request, InvalidRequest)]
        outcomes = iter(self._settle(requests, deadline))
        settled = [
            Settled(delivery.message, None, *envelope(delivery.payload), request)
            if isinstance(request, InvalidRequest)
            else Settled(delivery.message, request, request.request_id, request.task_token, next(outcomes))
            for delivery, request in zip(arrived, parsed, strict=True)
        ]
        self._report(settled)
        return self._reply(settled)

    def _parsed(self, delivery: Delivery) -> RequestT | InvalidRequest:
        if isinstance(delivery.payload, InvalidRequest):
            return delivery.payload
        try:
            return self._parse(delivery.payload)
        except InvalidRequest as invalid:
            return invalid

    def _report(self, settled: Sequence[Settled]) -> None:
        for one in settled:
            self._parts.telemetry.outcome(
                one.outcome,
                request_id=one.request_id,
                message_id=one.message.message_id if one.message else None,
                receive_count=one.message.receive_count if one.message else None,
            )
        usage = self._parts.client.take_usage()
        self._parts.telemetry.usage(usage.api_calls, usage.rate_limit_wait_seconds)

    def _reply(self, settled: Sequence[Settled]) -> dict[str, Any]:
        """The only place that tells SQS from Step Functions."""
        if len(settled) == 1 and settled[0].message is None:
            return direct.answer(settled[0].outcome, settled[0].request_id)
        return self._parts.queue_reply.partial_batch_response(settled)
