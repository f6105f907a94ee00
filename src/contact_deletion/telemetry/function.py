"""Logs, metrics and traces of a function, by Powertools.

Nothing here is given a request, a message body or an identifier value: what is not passed cannot leak.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import IO, Any

from aws_lambda_powertools import Logger, Tracer, single_metric
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from contact_deletion.errors import NotAccepted, Rejected

Handler = Callable[[Any, Any], Any]


class FunctionTelemetry:
    """Of one operation. Metrics have the dimensions `service` and `operation`, those by code also `code`."""

    def __init__(
        self, operation: str, *, service: str, namespace: str, stream: IO[str] | None = None
    ) -> None:
        """The log level is POWERTOOLS_LOG_LEVEL's; `stream` takes the log in place of standard output."""
        self._service = service
        self._namespace = namespace
        self._operation = operation
        self._logger = Logger(service=service, utc=True, stream=stream)
        self._logger.append_keys(operation=operation)
        self._metrics = EphemeralMetrics(namespace=namespace, service=service)
        self._metrics.set_default_dimensions(operation=operation)
        self._tracer = Tracer(service=service, auto_patch=False)
        self._counts: Counter[str] = Counter()
        self._codes: Counter[tuple[str, str]] = Counter()

    def instrument(self, handle: Handler) -> Handler:
        """The handler with Lambda's context in its logs, a trace, and its metrics flushed even where it raises."""

        def handler(event: Any, context: Any) -> Any:
            try:
                return handle(event, context)
            finally:
                self._flush()

        traced = self._tracer.capture_lambda_handler(capture_response=False, capture_error=False)(handler)
        measured = self._metrics.log_metrics(capture_cold_start_metric=True)(traced)
        logged: Handler = self._logger.inject_lambda_context(log_event=False)(measured)
        return logged

    def not_accepted(self, outcome: NotAccepted, fields: Mapping[str, Any]) -> None:
        kind = "Rejected" if isinstance(outcome, Rejected) else "Deferred"
        self._counts[f"Requests{kind}"] += 1
        self._codes[f"Requests{kind}", outcome.code] += 1
        self._logger.warning(
            f"request {kind.lower()}", extra={**fields, "code": outcome.code, "reason": outcome.message}
        )

    def answered(self, answer: dict[str, Any]) -> None:
        """What a function that only workflows invoke has answered."""
        self._logger.info("answered", extra={"answer": answer})

    def usage(self, api_calls: int, rate_limit_wait_seconds: float) -> None:
        self._counts["ApiCalls"] += api_calls
        if rate_limit_wait_seconds:
            self._metrics.add_metric("RateLimitWait", MetricUnit.Seconds, rate_limit_wait_seconds)

    def _flush(self) -> None:
        self._counts["ApiCalls"] += 0  # Powertools warns of an invocation without any metric
        for name, count in self._counts.items():
            self._metrics.add_metric(name, MetricUnit.Count, count)
        for (name, code), count in self._codes.items():
            with single_metric(name, MetricUnit.Count, count, namespace=self._namespace) as metric:
                metric.add_dimension("service", self._service)
                metric.add_dimension("operation", self._operation)
                metric.add_dimension("code", code)
        self._counts.clear()
        self._codes.clear()
