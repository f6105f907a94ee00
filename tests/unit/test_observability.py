"""What is logged and counted is exact, and has the IDs by which an operator finds it."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.metrics.provider import cold_start

from contact_deletion.errors import (
    DeletionFailed,
    InvalidRequest,
    LedgerUnavailable,
    OutcomeUnknown,
    SendGridRefused,
    SendGridUnavailable,
)
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Accepted, ContactGroup, End, Ended, JobPending, PartlyEnded
from contact_deletion.requests.status_check import StatusCheck, TrackedRequest
from contact_deletion.sendgrid.jobs import Job
from local.simulation.context import Context
from tests.support.metrics import metrics_in
from tests.support.world import own_service

JOB = Job("job-1", "completed")
PENDING = Job("job-2", "pending")
ONE = TrackedRequest("bulk_delete", "request-1", "message-1", 1)
TWO = TrackedRequest("bulk_delete", "request-2", "message-2", 1)


class Observed:
    """A function's log and metrics."""

    def __init__(self, service: str, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._log = io.StringIO()
        self._telemetry = Telemetry("operation", service=service, namespace="Test", stream=self._log)

    def invoke(self, act: Callable[[Telemetry], Any]) -> None:
        def handle(event: object, context: object) -> None:
            try:
                act(self._telemetry)
            finally:
                self._telemetry.flush()

        self._telemetry.instrument(handle)({}, Context(60.0))

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]

    def counts(self) -> dict[tuple[str, ...], float]:
        """Without the usual dimension, and without what is counted for every invocation."""
        counted = metrics_in(self._capsys.readouterr().out)
        return {
            tuple(part for part in key if part != "operation"): value
            for key, value in counted.items()
            if key[0] not in ("ApiCalls", "ColdStart")
        }


@pytest.fixture
def observed(capsys: pytest.CaptureFixture[str]) -> Iterator[Observed]:
    with own_service() as service:
        yield Observed(service, capsys)


FOR_REQUEST = {"request_id": "request-1", "job_ids": ["job-1"], "reason": "why"}
FOR_MESSAGE = {"message_id": "message-1", "reason": "why"}


@pytest.mark.parametrize(
    ("fail", "metric", "fields"),
    [
        (
            lambda telemetry: telemetry.ledger_write_failed(
                "request-1", ("job-1",), LedgerUnavailable("why")
            ),
            "LedgerWriteFailures",
            FOR_REQUEST,
        ),
        (
            lambda telemetry: telemetry.status_message_failed("request-1", ("job-1",), "why"),
            "StatusMessageFailures",
            FOR_REQUEST,
        ),
        (
            lambda telemetry: telemetry.event_failed("request-1", ["job-1"], "why"),
            "EventFailures",
            FOR_REQUEST,
        ),
        (
            lambda telemetry: telemetry.task_token_failed("request-1", ["job-1"], "why"),
            "TaskTokenFailures",
            FOR_REQUEST,
        ),
        (
            lambda telemetry: telemetry.dead_letter_copy_failed("message-1", "why"),
            "DeadLetterCopyFailures",
            FOR_MESSAGE,
        ),
        (
            lambda telemetry: telemetry.visibility_change_failed("message-1", "why"),
            "VisibilityChangeFailures",
            FOR_MESSAGE,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_failure_around_a_request_is_counted_and_logged_with_its_ids(
    observed: Observed, fail: Callable[[Telemetry], None], metric: str, fields: dict[str, Any]
) -> None:
    def fail_twice(telemetry: Telemetry) -> None:
        fail(telemetry)
        fail(telemetry)

    observed.invoke(fail_twice)

    lines = observed.lines()
    assert observed.counts() == {(metric,): 2}
    assert [line["level"] for line in lines] == ["ERROR", "ERROR"]
    assert lines[0]["message"]
    assert {name: lines[0].get(name) for name in fields} == fields


def test_a_task_that_does_not_wait_and_a_response_to_a_workflow_are_logged(observed: Observed) -> None:
    observed.invoke(lambda telemetry: telemetry.no_waiting_task("request-1", "TaskTimedOut"))
    observed.invoke(lambda telemetry: telemetry.returned({"contact_count": 7}))

    no_task, returned = observed.lines()
    assert (no_task["level"], no_task["request_id"], no_task["reason"]) == (
        "WARNING",
        "request-1",
        "TaskTimedOut",
    )
    assert no_task["message"]
    assert (returned["level"], returned["message"]) == ("INFO", "returned")
    assert returned["response"] == {"contact_count": 7}


def outcomes(*all_outcomes: Any) -> Callable[[Telemetry], None]:
    def observe(telemetry: Telemetry) -> None:
        for number, outcome in enumerate(all_outcomes, start=1):
            telemetry.outcome(outcome, request_id=f"request-{number}", message_id=f"message-{number}")

    return observe


def test_every_outcome_of_a_request_is_counted(observed: Observed) -> None:
    accepted, replayed = Accepted(("job-1",), 3), Accepted(("job-1",), 3, replayed=True, note="note")
    refused, down = SendGridRefused("refused", job_ids=["job-1"]), SendGridUnavailable("down")
    pending = JobPending((JOB, PENDING), (ONE,), 30)

    observed.invoke(
        outcomes(accepted, accepted, replayed, replayed, refused, InvalidRequest("no"), down, down, pending)
    )
    observed.invoke(outcomes(pending, pending))

    assert observed.counts() == {
        ("RequestsAccepted",): 2,
        ("RequestsReplayed",): 2,
        ("ContactsSubmitted",): 6,
        ("RequestsRejected",): 2,
        ("RequestsRejected", "SendGridRefused"): 1,
        ("RequestsRejected", "InvalidRequest"): 1,
        ("RequestsDeferred",): 2,
        ("RequestsDeferred", "SendGridUnavailable"): 2,
        ("JobsPending",): 6,
    }
    accepted_line, replayed_line, refused_line, *_, pending_line = observed.lines()
    assert accepted_line["request_ids"] == ["request-1", "request-2"]
    assert (replayed_line["request_ids"], replayed_line["note"]) == (["request-3", "request-4"], "note")
    assert (refused_line["message"], refused_line["job_ids"]) == ("request rejected", ["job-1"])
    assert (refused_line["code"], refused_line["reason"]) == ("SendGridRefused", "refused")
    assert (pending_line["message"], pending_line["statuses"]) == ("jobs pending", ["completed", "pending"])


def test_every_end_of_a_tracked_request_is_counted(observed: Observed) -> None:
    remaining = ContactGroup.of(["a", "b"])
    ended = Ended(
        (JOB,),
        (
            *(End(ONE), End(TWO)),
            *(End(request, DeletionFailed("two remain"), remaining) for request in (ONE, TWO)),
            *(End(request, OutcomeUnknown("refused")) for request in (ONE, TWO)),
        ),
    )
    observed.invoke(outcomes(ended))

    assert observed.counts() == {
        ("RequestsCompleted",): 2,
        ("RequestsFailed",): 2,
        ("RequestsFailed", "DeletionFailed"): 2,
        ("RequestsUnknown",): 2,
    }
    completed, failed, unknown = observed.lines()
    assert completed["message_ids"] == failed["message_ids"] == ["message-1", "message-2"]
    assert "contact_count" not in completed
    assert (completed["message"], completed["tracked_operation"]) == ("request completed", "bulk_delete")
    assert (failed["message"], failed["level"]) == ("request failed", "WARNING")
    assert (failed["code"], failed["reason"]) == ("DeletionFailed", "two remain")
    assert (failed["remaining_contacts"], failed["job_ids"]) == (2, ["job-1"])
    assert (unknown["message"], unknown["reason"]) == ("request of unknown outcome", "refused")
    assert "remaining_contacts" not in unknown


def test_requests_without_ids_are_only_counted(observed: Observed) -> None:
    observed.invoke(outcomes(Ended((JOB,), (End(TrackedRequest()), End(TrackedRequest())))))

    (line,) = observed.lines()
    assert line["request_count"] == 2
    assert not {"request_ids", "message_ids"} & line.keys()


def test_an_invocation_without_outcomes_has_its_calls_and_its_cold_start_counted(
    observed: Observed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cold_start, "is_cold_start", True)
    observed.invoke(lambda telemetry: None)

    counted = metrics_in(capsys.readouterr().out)
    assert counted["ApiCalls", "operation"] == 0
    assert [value for (name, *_), value in counted.items() if name == "ColdStart"] == [1]


def test_a_request_that_was_not_accepted_is_not_counted_as_failed(observed: Observed) -> None:
    observed.invoke(outcomes(Ended((), (End(ONE, SendGridRefused("refused")),))))

    (line,) = observed.lines()
    assert line["message"] == "request not accepted"
    assert observed.counts() == {}


@pytest.mark.parametrize("message_id", ["message-1", None], ids=["queue", "direct"])
def test_what_has_ended_of_a_status_check_is_logged_once(observed: Observed, message_id: str | None) -> None:
    """The caller of a direct invocation asks again about all requests."""
    ended = Ended((JOB,), (End(ONE),))
    rest = StatusCheck((JOB.job_id,), (TWO,))
    outcome = PartlyEnded(JobPending((JOB,), (ONE, TWO), 30), ended, rest)

    observed.invoke(lambda telemetry: telemetry.outcome(outcome, message_id=message_id))

    messages = [line["message"] for line in observed.lines()]
    assert messages == (["request completed", "jobs pending"] if message_id else ["jobs pending"])
