"""Step Functions' startExecution.sync:2 (AWS docs: Start a new AWS Step Functions state machine from a running
execution; Integrating services, "Run a Job")."""

import json
from typing import Any

import pytest

from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution
from local.waiting import wait_until
from tests.local_aws.test_state_machines import create, start

ENDLESS = {"Type": "Wait", "Seconds": 10**7, "End": True}


def nested(stack: EmbeddedStack, states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A state that runs these states as an execution of their own, with the state's input."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": create(stack, states), "Name": "nested", "Input.$": "$"},
        "End": True,
        **fields,
    }


def run(stack: EmbeddedStack, states: dict[str, Any], payload: Any) -> Execution:
    return stack.wait_for_execution(start(stack, states, payload))


def status_of(stack: EmbeddedStack, state: dict[str, Any]) -> str:
    machine = state["Parameters"]["StateMachineArn"]
    (found,) = stack.step_functions.list_executions(stateMachineArn=machine)["executions"]
    return found["status"]


def test_the_result_has_the_executions_input_and_output_as_json(stack: EmbeddedStack) -> None:
    double = {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($.n, $.n)"}, "End": True}

    ended = run(stack, {"Nested": nested(stack, {"Double": double})}, {"n": 21})

    assert (ended.output["Input"], ended.output["Output"]) == ({"n": 21}, {"sum": 42})
    assert (ended.output["Status"], ended.output["Name"]) == ("SUCCEEDED", "nested")


@pytest.mark.parametrize("caught", ["States.TaskFailed", "States.ALL"])
def test_a_failure_is_one_of_the_task_and_its_cause_has_the_executions(
    stack: EmbeddedStack, caught: str
) -> None:
    task = nested(
        stack,
        {"Fail": {"Type": "Fail", "Error": "BackupIncomplete", "Cause": "two are missing"}},
        Catch=[{"ErrorEquals": [caught], "Next": "Caught"}],
    )

    ended = run(stack, {"Nested": task, "Caught": {"Type": "Pass", "End": True}}, {})

    assert ended.output["Error"] == "States.TaskFailed"
    cause = json.loads(ended.output["Cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == (
        "FAILED",
        "BackupIncomplete",
        "two are missing",
    )


def test_a_state_machine_that_does_not_exist_is_an_error_of_the_service(stack: EmbeddedStack) -> None:
    task = nested(stack, {"Wait": ENDLESS})
    task["Parameters"]["StateMachineArn"] += "-not"

    ended = run(stack, {"Nested": task}, {})

    assert (ended.status, ended.error) == ("FAILED", "StepFunctions.StateMachineDoesNotExistException")


def test_an_execution_ends_with_the_one_that_started_it(stack: EmbeddedStack) -> None:
    task = nested(stack, {"Wait": ENDLESS})
    execution = start(stack, {"Nested": task}, {})
    wait_until(
        lambda: stack.step_functions.list_executions(stateMachineArn=task["Parameters"]["StateMachineArn"])[
            "executions"
        ]
    )

    stack.step_functions.stop_execution(executionArn=execution)

    assert stack.wait_for_execution(execution).status == "ABORTED"
    wait_until(lambda: status_of(stack, task) == "ABORTED")


def test_an_execution_that_was_just_started_ends_with_the_one_that_started_it(stack: EmbeddedStack) -> None:
    """Even while its definition is read, which takes a while for a long one."""
    passes = {f"Pass{n}": {"Type": "Pass", "Next": f"Pass{n + 1}"} for n in range(500)}
    task = nested(stack, {"Wait": ENDLESS, **passes, "Pass500": {"Type": "Succeed"}})
    execution = start(stack, {"Nested": task}, {})
    wait_until(
        lambda: stack.step_functions.list_executions(stateMachineArn=task["Parameters"]["StateMachineArn"])[
            "executions"
        ],
        poll_seconds=0.001,
    )

    stack.step_functions.stop_execution(executionArn=execution)

    wait_until(lambda: status_of(stack, task) == "ABORTED")


def test_a_task_that_times_out_stops_what_it_started(stack: EmbeddedStack) -> None:
    task = nested(stack, {"Wait": ENDLESS}, TimeoutSeconds=1)

    ended = run(stack, {"Nested": task}, {})

    assert ended.error == "States.Timeout"
    wait_until(lambda: status_of(stack, task) == "ABORTED")
