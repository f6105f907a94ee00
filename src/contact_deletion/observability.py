"""Logs and metrics of a function, by Powertools.

Nothing here is given a request, a message body or an identifier value: what is not passed cannot leak.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from contact_deletion.errors import NotAccepted, OutcomeUnknown, Rejected
from contact_deletion.outcomes import Accepted, Ended, JobPending, Outcome, PartlyEnded

Handler = Callable[[Any, Any], Any]

# With the longest IDs, and the 1,000 jobs that a status check may name, a line has less than the 256 KB of an event of
# CloudWatch Logs (docs: CloudWatch Logs quotas).
MAX_REQUESTS_PER_LINE = 500


class _LoggedRequest(NamedTuple):
    request_id: str | None
    message_id: str | None
    contact_count: int | None


@dataclass
class _OutcomeLine:
    """A line of the log about all `requests` that share its `fields`."""

    log: Callable[..., None]
    message: str
    fields: dict[str, Any]
    requests: list[_LoggedRequest] = field(default_factory=list)


class Telemetry:
    """What one function logs and counts: a structured line for each outcome, and what failed around it.

    Requests that share an outcome and its jobs share a line.

    Metrics have the dimensions `service` and `operation`; those by code also have `code`.
    """

    def __init__(
        self, operation: str, *, service: str, namespace: str, stream: IO[str] | None = None
    ) -> None:
        """The log level is POWERTOOLS_LOG_LEVEL's; the log goes to `stream`, or to standard output."""
        self.operation = operation
        self._service = service
        self._namespace = namespace
        self._logger = Logger(service=service, utc=True, stream=stream)
        self._logger.append_keys(operation=operation)
        self._metrics = EphemeralMetrics(namespace=namespace, service=service)
        self._metrics.set_default_dimensions(operation=operation)
        self._counts: Counter[str] = Counter()
        self._codes: Counter[tuple[str, str]] = Counter()
        self._lines: dict[str, _OutcomeLine] = {}

    def instrument(self, handle: Handler) -> Handler:
        """The handler with Lambda's context in its logs, and its metrics written when it ends.

        The handler calls `flush` before it ends, also where it raises.
        """
        measured = self._metrics.log_metrics(capture_cold_start_metric=True)(handle)
        logged: Handler = self._logger.inject_lambda_context(log_event=False)(measured)
        return logged

    def flush(self) -> None:
        """Hands the invocation's counts to Powertools, and writes the outcomes that are not in the log yet."""
        self.write_outcomes()
        self._counts["ApiCalls"] += 0  # Powertools warns of an invocation without any metric
        for name, count in self._counts.items():
            self._metrics.add_metric(name, MetricUnit.Count, count)
        for (name, code), count in self._codes.items():
            with single_metric(name, MetricUnit.Count, count, namespace=self._namespace) as metric:
                metric.add_dimension("service", self._service)
                metric.add_dimension("operation", self.operation)
                metric.add_dimension("code", code)
        self._counts.clear()
        self._codes.clear()

    def usage(self, api_calls: int, rate_limit_wait_seconds: float) -> None:
        self._counts["ApiCalls"] += api_calls
        if rate_limit_wait_seconds:
            self._metrics.add_metric("RateLimitWait", MetricUnit.Seconds, rate_limit_wait_seconds)

    def returned(self, response: dict[str, Any]) -> None:
        """The response of a function that only workflows invoke."""
        self._logger.info("returned", extra={"response": response})

    def deletion_started(self, job_id: str) -> None:
        """Logged at once, so that the job is known even if the process dies before its requests have outcomes."""
        self._logger.info("deletion started", extra={"job_ids": [job_id]})

    def outcome(
        self,
        outcome: NotAccepted | Outcome,
        *,
        request_id: str | None = None,
        message_id: str | None = None,
        receive_count: int | None = None,
    ) -> None:
        """Counts the outcome of a request, or of a status check, for `write_outcomes` to log."""
        if isinstance(outcome, Ended):
            self._ended(outcome)
            return
        if isinstance(outcome, PartlyEnded) and message_id is not None:
            self._ended(outcome.ended)  # for the caller of a direct invocation, none has
        shared: dict[str, Any] = {"receive_count": receive_count, "job_ids": list(outcome.job_ids)}
        contact_count: int | None = None
        log: Callable[..., None] = self._logger.info
        if isinstance(outcome, Accepted):
            message = "request accepted"
            contact_count = outcome.contact_count
            shared |= self._accepted(outcome)
        elif isinstance(outcome, JobPending):
            message = "jobs pending"
            self._counts["JobsPending"] += len(outcome.job_ids)
            shared["statuses"] = sorted({job.status for job in outcome.jobs})
        else:
            kind = "Rejected" if isinstance(outcome, Rejected) else "Deferred"
            self._counts[f"Requests{kind}"] += 1
            self._codes[f"Requests{kind}", outcome.code] += 1
            log, message = self._logger.warning, f"request {kind.lower()}"
            shared |= {"code": outcome.code, "reason": outcome.message}
        self._add(log, message, shared, _LoggedRequest(request_id, message_id, contact_count))

    def _accepted(self, accepted: Accepted) -> dict[str, Any]:
        self._counts["RequestsReplayed" if accepted.replayed else "RequestsAccepted"] += 1
        self._counts["ContactsSubmitted"] += 0 if accepted.replayed else accepted.contact_count
        fields: dict[str, Any] = {"replayed": accepted.replayed, "note": accepted.note}
        if accepted.resolution is not None:
            counts = accepted.resolution.counts
            self._counts["AlternateEmailMatches"] += (
                0 if accepted.replayed else counts.alternate_email_matches
            )
            fields["identifiers"] = counts.payload
        return fields

    def _ended(self, ended: Ended) -> None:
        for end in ended.ends:
            log, message = self._logger.info, "request completed"
            shared = {
                "tracked_operation": end.request.operation,
                "job_ids": list(ended.job_ids),
                "remaining_contacts": None if end.remaining is None else end.remaining.count,
            }
            if end.failure is None:
                self._counts["RequestsCompleted"] += 1
            else:
                log = self._logger.warning
                shared |= {"code": end.failure.code, "reason": end.failure.message}
                if isinstance(end.failure, OutcomeUnknown):
                    message = "request of unknown outcome"
                    self._counts["RequestsUnknown"] += 1
                elif ended.status == "not_accepted":
                    # The function that did not accept it has counted it.
                    message = "request not accepted"
                else:
                    message = "request failed"
                    self._counts["RequestsFailed"] += 1
                    self._codes["RequestsFailed", end.failure.code] += 1
            logged = _LoggedRequest(end.request.request_id, end.request.message_id, None)
            self._add(log, message, shared, logged)

    def _add(
        self, log: Callable[..., None], message: str, shared: dict[str, Any], request: _LoggedRequest
    ) -> None:
        line = self._lines.setdefault(message + repr(shared), _OutcomeLine(log, message, shared))
        line.requests.append(request)

    def write_outcomes(self) -> None:
        """Logs the outcomes since the last call."""
        lines, self._lines = self._lines, {}
        for line in lines.values():
            for start in range(0, len(line.requests), MAX_REQUESTS_PER_LINE):
                named = _named(line.requests[start : start + MAX_REQUESTS_PER_LINE])
                line.log(line.message, extra=named | line.fields)

    def ledger_write_failed(
        self, request_id: str | None, job_ids: tuple[str, ...], failure: NotAccepted
    ) -> None:
        """The ledger does not have what was sent to SendGrid: a redelivery may repeat it."""
        self._failed_for_request(
            "LedgerWriteFailures", "the ledger was not written", request_id, job_ids, failure.message
        )

    def dead_letter_copy_failed(self, message_id: str | None, reason: str) -> None:
        """The message stays in its queue and is rejected again."""
        self._failed(
            "DeadLetterCopyFailures",
            "a rejected message was not copied",
            {"message_id": message_id, "reason": reason},
        )

    def visibility_change_failed(self, message_id: str, reason: str) -> None:
        """The message comes back when its queue's visibility timeout ends."""
        self._failed(
            "VisibilityChangeFailures",
            "a visibility timeout was not changed",
            {"message_id": message_id, "reason": reason},
        )

    def status_message_failed(self, request_id: str | None, job_ids: tuple[str, ...], reason: str) -> None:
        """These jobs are not tracked, unless the request comes back and is answered from the ledger."""
        self._failed_for_request(
            "StatusMessageFailures", "the jobs of a request are not tracked", request_id, job_ids, reason
        )

    def event_failed(self, request_id: str | None, job_ids: list[str], reason: str) -> None:
        """The message comes back, and its event is published again."""
        self._failed_for_request(
            "EventFailures", "an outcome event was not published", request_id, job_ids, reason
        )

    def task_token_failed(self, request_id: str | None, job_ids: list[str], reason: str) -> None:
        """The message comes back, and its workflow is notified again."""
        self._failed_for_request(
            "TaskTokenFailures", "a workflow was not notified", request_id, job_ids, reason
        )

    def no_waiting_task(self, request_id: str | None, reason: str) -> None:
        self._logger.warning(
            "no workflow waits for this request", extra={"request_id": request_id, "reason": reason}
        )

    def _failed_for_request(
        self, metric: str, what: str, request_id: str | None, job_ids: Sequence[str], reason: str
    ) -> None:
        fields = {"request_id": request_id, "job_ids": list(job_ids), "reason": reason}
        self._failed(metric, what, fields)

    def _failed(self, metric: str, what: str, fields: dict[str, Any]) -> None:
        self._counts[metric] += 1
        self._logger.error(what, extra=fields)


def _named(requests: Sequence[_LoggedRequest]) -> dict[str, Any]:
    """One request by its IDs; several by lists of theirs, in the same order, and the sum of their contacts."""
    if len(requests) == 1:
        return requests[0]._asdict()
    request_ids, message_ids, contact_counts = zip(*requests, strict=True)
    known = [count for count in contact_counts if count is not None]
    return {
        "request_count": len(requests),
        "request_ids": request_ids if any(request_ids) else None,
        "message_ids": message_ids if any(message_ids) else None,
        "contact_count": sum(known) if known else None,
    }
