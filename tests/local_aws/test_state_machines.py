import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution
from local.waiting import wait_until

Run = Callable[..., Execution]


def create(stack: EmbeddedStack, states: dict[str, Any]) -> str:
    """Makes a state machine of these states, the first of which comes first; gives its ARN."""
    return stack.step_functions.create_state_machine(
        name=f"test-{uuid.uuid4()}",
        definition=json.dumps({"StartAt": next(iter(states)), "States": states}),
        roleArn="arn:aws:iam::123456789012:role/test",
    )["stateMachineArn"]


def start(stack: EmbeddedStack, states: dict[str, Any], payload: Any) -> str:
    machine = create(stack, states)
    return stack.step_functions.start_execution(
        stateMachineArn=machine, name=machine.rpartition(":")[2], input=json.dumps(payload)
    )["executionArn"]


@pytest.fixture
def run(stack: EmbeddedStack) -> Run:
    def run(states: dict[str, Any], payload: Any = None) -> Execution:
        return stack.wait_for_execution(start(stack, states, payload or {}))

    return run


def invoke(function: str = "DirectFunction", **fields: Any) -> dict[str, Any]:
    """A state that invokes a function with the state's input."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def test_executions_without_a_name_get_names_of_their_own(stack: EmbeddedStack) -> None:
    state = {"Type": "Pass", "Parameters": {"name.$": "$$.Execution.Name"}, "End": True}
    machine = create(stack, {"Name": state})

    arns = [stack.step_functions.start_execution(stateMachineArn=machine)["executionArn"] for _ in range(2)]

    names = {stack.wait_for_execution(arn).output["name"] for arn in arns}
    assert names == {arn.rpartition(":")[2] for arn in arns}
    assert len(names) == 2


CAUGHT = {"Type": "Pass", "Parameters": {"caught.$": "$.Error"}, "End": True}


def catch(*errors: str) -> dict[str, Any]:
    return {"Catch": [{"ErrorEquals": list(errors), "Next": "Caught"}]}


def test_the_template_s_state_machine_runs_with_its_substitutions(stack: EmbeddedStack) -> None:
    execution = stack.start_execution("OrderStateMachine", {"order": 1}, name="substitutions")

    ended = stack.wait_for_execution(execution)

    assert ended.status == "SUCCEEDED"
    assert ended.output == {"do": "echo", "bucket": "orderbucket", "batch_size": 10, "input": {"order": 1}}
    assert stack.states_of(execution) == ["Echo"]


def test_a_name_cannot_be_used_again(stack: EmbeddedStack) -> None:
    stack.wait_for_execution(stack.start_execution("OrderStateMachine", {}, name="again"))

    with pytest.raises(stack.step_functions.exceptions.ExecutionAlreadyExists):
        stack.start_execution("OrderStateMachine", {}, name="again")


@pytest.mark.parametrize("error", ["LookupError", "States.ALL", "States.TaskFailed"])
def test_exception_is_caught_by_the_name_of_its_class_and_by_a_wildcard(run: Run, error: str) -> None:
    ended = run({"Task": invoke(**catch(error)), "Caught": CAUGHT}, {"do": "raise", "text": ""})

    assert ended.output == {"caught": "LookupError"}


def test_exception_that_is_not_caught_fails_the_execution(run: Run) -> None:
    task = invoke(**catch("OSError"))

    ended = run({"Task": task, "Caught": CAUGHT}, {"do": "raise", "text": "nothing there"})

    assert (ended.status, ended.error) == ("FAILED", "LookupError")
    assert json.loads(ended.cause or "")["errorMessage"] == "nothing there"


def test_a_function_that_does_not_exist_is_lambda_s_error(run: Run) -> None:
    task = invoke("NoSuchFunction", **catch("Lambda.ResourceNotFoundException"))

    assert run({"Task": task, "Caught": CAUGHT}).output == {"caught": "Lambda.ResourceNotFoundException"}


def test_a_failed_task_is_retried_after_scaled_intervals(run: Run, tmp_path: Path) -> None:
    retry = {
        "ErrorEquals": ["ConnectionError"],
        "IntervalSeconds": 100,
        "BackoffRate": 2,
        "MaxDelaySeconds": 150,
        "MaxAttempts": 3,
        "JitterStrategy": "FULL",
    }
    payload = {"do": "fail first", "times": 3, "attempts": str(tmp_path / "attempts")}

    assert run({"Task": invoke(Retry=[retry])}, payload).output == 4


def test_a_wait_is_scaled(run: Run) -> None:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 400, "Next": "WaitAgain"},
        "WaitAgain": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True},
    }

    assert run(states, {"seconds": 400}).status == "SUCCEEDED"


def test_a_task_s_timeout_is_not_scaled(run: Run) -> None:
    task = invoke(TimeoutSeconds=30)

    assert run({"Task": task}, {"do": "take", "seconds": 0.2}).status == "SUCCEEDED"


def test_a_task_that_takes_longer_than_its_timeout_is_a_timeout(run: Run) -> None:
    task = invoke(TimeoutSeconds=1, **catch("States.Timeout"))

    assert run({"Task": task, "Caught": CAUGHT}, {"do": "hang"}).output == {"caught": "States.Timeout"}


def test_a_path_to_nothing_is_caught_by_no_wildcard(run: Run) -> None:
    task = invoke(
        Parameters={"FunctionName": "DirectFunction", "Payload.$": "$.missing"}, **catch("States.ALL")
    )

    ended = run({"Task": task, "Caught": CAUGHT}, {"there": 1})

    assert (ended.status, ended.error) == ("FAILED", "States.Runtime")


def test_a_timeout_leaves_an_inline_map_and_can_be_raised_again(run: Run) -> None:
    states = {
        "Map": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": "Task",
                "States": {"Task": invoke(TimeoutSeconds=1)},
            },
            "End": True,
            **catch("States.Timeout"),
        },
        "Caught": {"Type": "Fail", "ErrorPath": "$.Error", "CausePath": "$.Cause"},
    }

    ended = run(states, {"items": [{"do": "hang"}]})

    assert (ended.status, ended.error) == ("FAILED", "States.Timeout")


def test_the_context_object_s_times_are_text(run: Run) -> None:
    context = {"entered.$": "$$.State.EnteredTime", "started.$": "$$.Execution.StartTime"}

    output = run({"Pass": {"Type": "Pass", "Parameters": context, "End": True}}).output

    assert output.keys() == {"entered", "started"}
    for moment in output.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)


def test_an_execution_that_has_not_ended_says_where_it_is(stack: EmbeddedStack) -> None:
    execution = start(stack, {"Sleep": {"Type": "Wait", "Seconds": 10_000_000, "End": True}}, {})

    with pytest.raises(TimeoutError, match="Sleep"):
        stack.wait_for_execution(execution, stalled_after=0.2)

    stack.step_functions.stop_execution(executionArn=execution)
    assert stack.wait_for_execution(execution).status == "ABORTED"


def test_execution_that_is_stopped_between_attempts_is_aborted(stack: EmbeddedStack, tmp_path: Path) -> None:
    attempts = tmp_path / "attempts"
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1000, "BackoffRate": 1, "MaxAttempts": 1000}
    payload = {"do": "fail first", "attempts": str(attempts), "times": 1000}
    execution = start(stack, {"Fail": invoke(Retry=[retry])}, payload)
    wait_until(attempts.exists, stack.progress)

    stack.step_functions.stop_execution(executionArn=execution)

    assert stack.wait_for_execution(execution).status == "ABORTED"


def test_intrinsic_functions_work(run: Run) -> None:
    parameters = {
        "merged.$": "States.JsonMerge($.defaults, $.given, false)",
        "number.$": "States.StringToJson('42')",
        "length.$": "States.ArrayLength($.list)",
        "text.$": "States.Format('results/{}/batches/{}.json', $.given.a, 'x')",
    }
    payload = {"defaults": {"a": 1, "b": 2}, "given": {"a": 3}, "list": [1, 2]}

    output = run({"Pass": {"Type": "Pass", "Parameters": parameters, "End": True}}, payload).output

    text = "results/3/batches/x.json"
    assert output == {"merged": {"a": 3, "b": 2}, "number": 42, "length": 2, "text": text}


def put_object(bucket: str, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
        "Parameters": {
            "Bucket": bucket,
            "Key.$": "States.Format('{}.json', $$.Execution.Name)",
            "Body": {"order.$": "$.order"},
        },
        "ResultPath": None,
        "End": True,
        **fields,
    }


def test_a_workflow_writes_an_object(stack: EmbeddedStack, run: Run) -> None:
    ended = run({"Put": put_object(stack.ref("OrderBucket"))}, {"order": 1})

    name = ended.arn.rpartition(":")[2]
    written = stack.s3.get_object(Bucket=stack.ref("OrderBucket"), Key=f"{name}.json")["Body"]
    with written:
        assert json.load(written) == {"order": 1}
    assert ended.output == {"order": 1}


def test_an_object_that_cannot_be_written_is_s3_s_error(run: Run) -> None:
    put = put_object("no-such-bucket", ResultPath="$", **catch("S3.NoSuchBucketException"))

    assert run({"Put": put, "Caught": CAUGHT}, {"order": 1}).output == {"caught": "S3.NoSuchBucketException"}


def send_order(queue_url: str, **fields: Any) -> dict[str, Any]:
    """A state that sends a message and waits for its token."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {
            "QueueUrl": queue_url,
            "MessageBody": {"task_token.$": "$$.Task.Token", "error.$": "$.error", "cause": "out of stock"},
        },
        "End": True,
        **fields,
    }


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (None, {"status": "SUCCEEDED", "output": {"answered": True}}),
        ("OrderRejected", {"status": "FAILED", "error": "OrderRejected", "cause": "out of stock"}),
    ],
)
def test_function_fed_from_the_queue_ends_a_task_that_waits(
    stack: EmbeddedStack, run: Run, error: str | None, end: dict[str, Any]
) -> None:
    ended = run({"Order": send_order(stack.ref("OrderQueue"))}, {"error": error})

    assert {name: getattr(ended, name) for name in end} == end


def ask(topic_arn: str, **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish.waitForTaskToken",
        "Parameters": {
            "TopicArn": topic_arn,
            "Subject": "Shall it be?",
            "Message": {"execution.$": "$$.Execution.Name", "task_token.$": "$$.Task.Token"},
        },
        "TimeoutSecondsPath": "$.timeout",
        "End": True,
        **fields,
    }


TokensOf = Callable[[str, int], list[str]]


@pytest.fixture
def tokens_of(stack: EmbeddedStack) -> TokensOf:
    """The task tokens that an execution has published, when they are so many."""

    def tokens_of(execution_arn: str, count: int) -> list[str]:
        tokens: list[str] = []

        def arrived() -> bool:
            messages = [json.loads(sent["Message"]) for sent in stack.published(stack.ref("OrderTopic"))]
            name = execution_arn.rpartition(":")[2]
            tokens[:] = [message["task_token"] for message in messages if message["execution"] == name]
            return len(tokens) == count

        wait_until(arrived)
        return tokens

    return tokens_of


def test_answer_to_a_published_token_ends_the_task(stack: EmbeddedStack, tokens_of: TokensOf) -> None:
    execution = start(stack, {"Ask": ask(stack.ref("OrderTopic"))}, {"timeout": 60})
    [token] = tokens_of(execution, 1)

    stack.step_functions.send_task_success(taskToken=token, output='{"approved": true}')

    assert stack.wait_for_execution(execution).output == {"approved": True}


def test_token_without_an_answer_is_a_timeout(stack: EmbeddedStack, run: Run) -> None:
    task = ask(stack.ref("OrderTopic"), **catch("States.Timeout"))

    assert run({"Ask": task, "Caught": CAUGHT}, {"timeout": 1}).output == {"caught": "States.Timeout"}


@pytest.mark.parametrize("still_running", [True, False])
def test_a_token_can_be_used_once(stack: EmbeddedStack, tokens_of: TokensOf, still_running: bool) -> None:
    after = {"Type": "Wait", "Seconds": 10_000_000 if still_running else 0, "End": True}
    states = {"Ask": ask(stack.ref("OrderTopic"), Next="After"), "After": after}
    del states["Ask"]["End"]
    execution = start(stack, states, {"timeout": 60})
    [token] = tokens_of(execution, 1)
    stack.step_functions.send_task_success(taskToken=token, output="{}")
    if not still_running:
        stack.wait_for_execution(execution)

    with pytest.raises(stack.step_functions.exceptions.TaskTimedOut):
        stack.step_functions.send_task_success(taskToken=token, output="{}")
    with pytest.raises(stack.step_functions.exceptions.TaskTimedOut):
        stack.step_functions.send_task_failure(taskToken=token, error="TooLate")

    if still_running:
        stack.step_functions.stop_execution(executionArn=execution)


def test_a_token_that_never_was_is_invalid(stack: EmbeddedStack) -> None:
    with pytest.raises(stack.step_functions.exceptions.InvalidToken):
        stack.step_functions.send_task_success(taskToken="never-was", output="{}")


def test_each_attempt_has_a_token_of_its_own(stack: EmbeddedStack, tokens_of: TokensOf) -> None:
    retry = [{"ErrorEquals": ["TryAgain"], "MaxAttempts": 1}]
    execution = start(stack, {"Ask": ask(stack.ref("OrderTopic"), Retry=retry)}, {"timeout": 60})
    [first] = tokens_of(execution, 1)
    stack.step_functions.send_task_failure(taskToken=first, error="TryAgain")
    [_, second] = tokens_of(execution, 2)

    stack.step_functions.send_task_success(taskToken=second, output='"second"')

    assert second != first
    assert stack.wait_for_execution(execution).output == "second"


def test_leaving_the_stack_ends_its_executions(toy_template: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    with EmbeddedStack(toy_template) as stack:
        start(stack, {"Hang": invoke()}, {"do": "hang", "started": str(started)})
        start(stack, {"Sleep": {"Type": "Wait", "Seconds": 10_000, "End": True}}, {})
        wait_until(started.exists)

    with pytest.raises(ConnectionRefusedError):
        stack.queue_counts()
