"""What a function with a queue logs and counts: one structured line for each outcome, and what failed around it."""

from collections.abc import Sequence
from typing import Any

from contact_deletion.errors import NotAccepted, OutcomeUnknown
from contact_deletion.outcomes import Accepted, Ended, JobPending, Outcome, PartlyEnded
from contact_deletion.telemetry.function import FunctionTelemetry


class QueueTelemetry(FunctionTelemetry):
    def deletion_started(self, job_id: str) -> None:
        """At once, so that no job is unknown if the process dies before its requests' outcomes are."""
        self._logger.info("deletion started", extra={"job_ids": [job_id]})

    def outcome(
        self, outcome: Outcome, *, request_id: str | None, message_id: str | None, receive_count: int | None
    ) -> None:
        """One line for each request, and one for all that a follow-up which has not ended is about."""
        fields: dict[str, Any] = {
            "request_id": request_id,
            "message_id": message_id,
            "receive_count": receive_count,
            "job_ids": list(outcome.job_ids),
        }
        if isinstance(outcome, Accepted):
            self._counts["RequestsReplayed" if outcome.replayed else "RequestsAccepted"] += 1
            self._counts["ContactsSubmitted"] += 0 if outcome.replayed else outcome.contact_count
            fields |= {
                "contact_count": outcome.contact_count,
                "replayed": outcome.replayed,
                "note": outcome.note,
            }
            self._logger.info("request accepted", extra=fields)
            return
        if isinstance(outcome, Ended):
            self._ended(outcome)
            return
        if isinstance(outcome, PartlyEnded) and message_id is not None:
            self._ended(outcome.ended)  # for the caller of a direct invocation, none has
        if isinstance(outcome, JobPending):
            self._counts["JobsPending"] += len(outcome.job_ids)
            self._logger.info(
                "jobs pending", extra=fields | {"statuses": sorted({job.status for job in outcome.jobs})}
            )
            return
        self.not_accepted(outcome, fields)

    def _ended(self, ended: Ended) -> None:
        for end in ended.ends:
            fields = {
                "followed_operation": end.request.operation,
                "request_id": end.request.request_id,
                "message_id": end.request.message_id,
                "job_ids": list(ended.job_ids),
                "contacts_still_there": None if end.still_there is None else end.still_there.count,
            }
            if end.failure is None:
                self._counts["RequestsCompleted"] += 1
                self._logger.info("request completed", extra=fields)
                continue
            fields |= {"code": end.failure.code, "reason": end.failure.message}
            if isinstance(end.failure, OutcomeUnknown):
                self._counts["RequestsUnknown"] += 1
                self._logger.warning("request of unknown outcome", extra=fields)
            elif ended.status == "not_accepted":
                # The function that did not accept it has counted it.
                self._logger.warning("request not accepted", extra=fields)
            else:
                self._counts["RequestsFailed"] += 1
                self._codes["RequestsFailed", end.failure.code] += 1
                self._logger.warning("request failed", extra=fields)

    def ledger_write_failed(
        self, request_id: str | None, job_ids: tuple[str, ...], failure: NotAccepted
    ) -> None:
        """What SendGrid was asked for, or was not, is not in the ledger: a redelivery may repeat it."""
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
        """Nobody follows these jobs, unless the request comes back and is answered from the ledger."""
        self._failed_for_request(
            "StatusMessageFailures", "the jobs of a request are not followed", request_id, job_ids, reason
        )

    def event_failed(self, request_id: str | None, job_ids: list[str], reason: str) -> None:
        """The message comes back, and its event is tried again."""
        self._failed_for_request("EventFailures", "an outcome event was not put", request_id, job_ids, reason)

    def task_token_failed(self, request_id: str | None, job_ids: list[str], reason: str) -> None:
        """The message comes back, and its workflow is told again."""
        self._failed_for_request("TaskTokenFailures", "a workflow was not told", request_id, job_ids, reason)

    def nobody_waits(self, request_id: str | None, reason: str) -> None:
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
