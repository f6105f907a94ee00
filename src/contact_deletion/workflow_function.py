"""The shape of a function that only workflows invoke: one request goes in, an answer comes out, or an error by name."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from contact_deletion.deadline import Clock, Deadline, LambdaContext
from contact_deletion.errors import NotAccepted
from contact_deletion.observability import FunctionTelemetry

if TYPE_CHECKING:
    from contact_deletion.sendgrid.transport import Transport

RequestT = TypeVar("RequestT")


class WorkflowFunction(Generic[RequestT]):
    """`handle` is the function's Lambda handler.

    `parse` raises InvalidRequest; `act` answers with JSON that may be logged, or raises NotAccepted. `client` is the
    one that `act` calls, if any, whose calls are counted.
    """

    def __init__(
        self,
        telemetry: FunctionTelemetry,
        clock: Clock,
        *,
        parse: Callable[[object], RequestT],
        act: Callable[[RequestT, Deadline], dict[str, Any]],
        client: "Transport | None" = None,
    ) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._parse = parse
        self._act = act
        self._client = client
        self.handle = telemetry.instrument(self._handle)

    def _handle(self, payload: Any, context: LambdaContext) -> dict[str, Any]:
        deadline = Deadline.of(context, self._clock)
        try:
            answer = self._act(self._parse(payload), deadline)
        except NotAccepted as outcome:
            self._telemetry.not_accepted(outcome, {})
            raise
        finally:
            if self._client:
                usage = self._client.take_usage()
                self._telemetry.usage(usage.api_calls, usage.rate_limit_wait_seconds)
        self._telemetry.answered(answer)
        return answer
