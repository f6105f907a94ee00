"""A workflow that sent a request with a task token is notified of its outcome."""

import json
from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, STAYS, contacts
from tests.integration.operations import deliver, each_operation, ledger_records_nothing, request_of
from tests.support.dynamodb import FailingCalls
from tests.support.events import bulk_delete, contact_id, remove_identifier, sqs_event, status_check
from tests.support.world import STATUS_QUEUE, World

TOKEN = "PLANTEDTOKEN/+="
NO_WAITING_TASK = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"]


def token_call_fails(world: World, call: str, code: str = "ThrottlingException") -> FailingCalls:
    return FailingCalls(world.runtime.step_functions, call, code, service="sfn")


def follow(world: World) -> dict[str, Any]:
    """The batch that DeletionStatusFunction gets once the jobs have ended."""
    batch = sqs_event(*world.status_messages(), queue=STATUS_QUEUE)
    world.jobs_end()
    return batch


@each_operation
@pytest.mark.parametrize(
    ("ending", "kind", "code"), [(None, "Completed", None), ("failed", "Failed", "DeletionFailed")]
)
def test_the_end_is_the_tasks_output_or_its_error(
    world: World, operation: str, ending: Any, kind: str, code: str | None
) -> None:
    if ending:
        world.double.account.force_next_jobs(ending)
    deliver(world, operation, request_of(world, operation, request_id="run-1", task_token=TOKEN))
    assert world.task_responses == []
    assert world.deletion_status(follow(world)) == GOES

    (event,) = world.outcome_events()
    (response,) = world.task_responses
    assert (response["taskToken"], response.get("error")) == (TOKEN, code)
    reported = json.loads(response["cause" if code else "output"])
    assert (reported["request_id"], reported["code"]) == ("run-1", code)
    assert reported | {"kind": kind} == event


def test_each_request_of_a_job_answers_its_own_token_at_its_end(world: World) -> None:
    ids = contacts(world, 12)
    deliver(world, "bulk_delete", *(bulk_delete([ids[n]], task_token=f"token-{n}") for n in range(12)))
    batch = sqs_event(*world.status_messages(), queue=STATUS_QUEUE)
    assert (world.deletion_status(batch), world.task_responses) == (STAYS, [])
    world.jobs_end()
    assert world.deletion_status(batch) == GOES

    assert len(world.double.account.jobs()) == 1
    answered = {response["taskToken"]: json.loads(response["output"]) for response in world.task_responses}
    assert len(world.task_responses) == 12
    assert {token: reported["message_id"][-2:] for token, reported in answered.items()} == {
        f"token-{number}": f"{number + 1:02x}" for number in range(12)
    }


INVALID = {"contact_ids": [], "task_token": TOKEN, "request_id": "run-1"}


def test_a_rejected_request_is_the_tasks_error(world: World) -> None:
    lonely = world.new_contact(email="ada@example.com")
    request = remove_identifier(lonely, "EMAIL", "ada@example.com", task_token=TOKEN, request_id="run-1")

    assert deliver(world, "remove_identifier", request) == GOES
    assert deliver(world, "bulk_delete", INVALID) == GOES

    for code, response in zip(("LastIdentifier", "InvalidRequest"), world.task_responses, strict=True):
        cause = json.loads(response["cause"])
        assert (response["taskToken"], response["error"]) == (TOKEN, code)
        assert (cause["code"], cause["request_id"]) == (code, "run-1")
    assert len(world.dead_letters()) == 2


def test_a_token_that_cannot_be_one_is_not_answered(world: World) -> None:
    assert deliver(world, "bulk_delete", bulk_delete([contact_id(1)], task_token="a b")) == GOES
    assert world.task_responses == []
    assert len(world.outcome_events()) == 1


def test_a_cause_that_is_too_long_for_step_functions_is_cut_to_the_reason(world: World) -> None:
    jobs = [f"{number:0128}" for number in range(300)]
    world.double.faults.add(Fault(status=200, body={"status": "failed"}, times=300))
    world.deletion_status(sqs_event(status_check(jobs, {"task_token": TOKEN}), queue=STATUS_QUEUE))
    (response,) = world.task_responses
    assert (response["error"], response["cause"]) == ("DeletionFailed", "the job ended failed")


@pytest.mark.parametrize("code", NO_WAITING_TASK)
def test_an_outcome_without_a_waiting_task_is_done(world: World, code: str) -> None:
    deliver(world, "bulk_delete", bulk_delete(contacts(world, 1), task_token=TOKEN))
    batch = follow(world)

    with token_call_fails(world, "SendTaskFailure", code):
        assert deliver(world, "bulk_delete", INVALID) == GOES
    with token_call_fails(world, "SendTaskSuccess", code):
        assert world.deletion_status(batch) == GOES

    lines = [line for line in world.log_lines() if "no workflow waits" in line["message"]]
    reported = [(line["level"], line.get("request_id"), line["reason"]) for line in lines]
    assert reported == [("WARNING", "run-1", code), ("WARNING", None, code)]
    assert len(world.dead_letters()) == 1
    assert [event["kind"] for event in world.outcome_events()] == ["Rejected", "Completed"]


def test_a_rejection_whose_task_was_not_notified_is_neither_an_event_nor_a_dead_letter_yet(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with token_call_fails(world, "SendTaskFailure"):
        assert deliver(world, "bulk_delete", INVALID) == STAYS

    (line,) = [line for line in world.log_lines() if line["message"] == "a workflow was not notified"]
    assert (line["level"], line["request_id"], line["reason"]) == ("ERROR", "run-1", "ThrottlingException")
    assert '"TaskTokenFailures":[1.0]' in capsys.readouterr().out
    assert world.outcome_events() == []
    assert world.dead_letters() == []

    assert deliver(world, "bulk_delete", INVALID) == GOES
    assert len(world.task_responses) == len(world.outcome_events()) == len(world.dead_letters()) == 1


def test_a_task_that_was_not_notified_is_notified_at_the_next_delivery(world: World) -> None:
    deliver(world, "bulk_delete", bulk_delete(contacts(world, 1), task_token=TOKEN))
    batch = follow(world)

    with token_call_fails(world, "SendTaskSuccess"):
        assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []

    assert world.deletion_status(batch) == GOES
    assert len(world.task_responses) == len(world.outcome_events()) == 1


def test_only_the_message_whose_workflow_was_not_notified_stays(world: World) -> None:
    with token_call_fails(world, "SendTaskFailure"):
        response = deliver(world, "bulk_delete", {"task_token": TOKEN}, "not JSON")
    assert response == STAYS
    (letter,) = world.dead_letters()
    assert letter["body"] == "not JSON"


@pytest.mark.parametrize("fails", ["nothing", "tokens", "events", "messages", "ledger"])
def test_no_token_is_in_a_log_a_metric_an_event_or_the_ledger(
    world: World, fails: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    world.restart()
    world.double.account.force_next_jobs("failed")
    requests = [
        bulk_delete(contacts(world, 1), task_token=TOKEN),
        {"task_token": TOKEN},
        bulk_delete(["x"], request_id="x", task_token=TOKEN),
        bulk_delete([contact_id(1)], task_token=TOKEN + " "),
    ]
    runtime = world.runtime
    failing: dict[str, Any] = {
        "tokens": token_call_fails(world, "SendTaskFailure"),
        "events": FailingCalls(runtime.events, "PutEvents", service="events"),
        "messages": FailingCalls(runtime.sqs, "SendMessageBatch", service="sqs"),
        "ledger": ledger_records_nothing(world),
    }

    if fails in failing:
        with failing[fails]:
            deliver(world, "bulk_delete", *requests)
    deliver(world, "bulk_delete", *requests)
    batch = follow(world)
    with token_call_fails(world, "SendTaskFailure", "TaskTimedOut"):
        world.deletion_status(batch)
    world.deletion_status(batch)

    letters = [
        {name: value for name, value in dead_letter.items() if name != "body"}
        for dead_letter in world.dead_letters()
    ]
    everything = [
        world.log.getvalue(),
        capsys.readouterr().out,
        json.dumps(letters),
        json.dumps(world.outcome_events()),
        json.dumps(world.ledger()),
    ]
    assert world.task_responses
    assert all(everything)
    assert [text for text in everything if "PLANTEDTOKEN" in text] == []
