"""The shape of a function that only workflows invoke: one request in, a JSON response or a named error out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from contact_deletion.deadline import Deadline, LambdaContext
from contact_deletion.errors import NotAccepted
from contact_deletion.runtime import Runtime

if TYPE_CHECKING:
    from contact_deletion.sendgrid.transport import Transport

RequestT = TypeVar("RequestT")


class WorkflowFunction(Generic[RequestT]):
    """A function that Step Functions invokes. `handle` is its Lambda handler.

    `parse` raises InvalidRequest. `act` returns JSON that may be logged, or raises NotAccepted. The calls of `client`
    are counted, where there is one.
    """

    def __init__(
        self,
        runtime: Runtime,
        operation: str,
        *,
        parse: Callable[[object], RequestT],
        act: Callable[[RequestT, Deadline], dict[str, Any]],
        client: "Transport | None" = None,
    ) -> None:
        self._telemetry = runtime.telemetry(operation)
        self._clock = runtime.clock
        self._parse = parse
        self._act = act
        self._client = client
        self.handle = self._telemetry.instrument(self._handle)

    def _handle(self, payload: Any, context: LambdaContext) -> dict[str, Any]:
        deadline = Deadline.of(context, self._clock)
        try:
            response = self._act(self._parse(payload), deadline)
            self._telemetry.returned(response)
        except NotAccepted as outcome:
            self._telemetry.outcome(outcome)
            raise
        finally:
            if self._client:
                usage = self._client.take_usage()
                self._telemetry.usage(usage.api_calls, usage.rate_limit_wait_seconds)
            self._telemetry.flush()
        return response
