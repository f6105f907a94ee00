"""What holds for every state machine's definition, without running it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contact_deletion import errors
from contact_deletion.errors import Deferred

SOURCES = {
    path.name: path.read_text()
    for path in sorted((Path(__file__).parents[2] / "src" / "workflows").glob("*.asl.json"))
}
DEFINITIONS = {name: json.loads(source) for name, source in SOURCES.items()}
LAMBDA = "arn:${Partition}:states:::lambda:invoke"
TRANSIENT = {
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "Lambda.ClientExecutionTimeoutException", "Lambda.Unknown"),
    *("Sandbox.Timedout", "Runtime.ExitError"),
}
WORTH_RETRYING = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Deferred) and kind is not Deferred
}

DELETING = {f"${{{name}FunctionArn}}" for name in ("BulkDelete", "DeleteAll", "RemoveIdentifier")}

State = dict[str, Any]
every_definition = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)


def scopes(machine: State) -> Iterator[State]:
    """The machine, and the machines within it: no transition leads from one into another."""
    yield machine
    for state in machine["States"].values():
        for inner in [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]:
            if inner:
                yield from scopes(inner)


def states(machine: State) -> Iterator[tuple[str, State]]:
    for scope in scopes(machine):
        yield from scope["States"].items()


def targets(state: State) -> set[str]:
    """Where a state may lead."""
    branches = [state, *state.get("Choices", []), *state.get("Catch", [])]
    return {branch[key] for branch in branches for key in ("Next", "Default") if key in branch}


def reachable(scope: State, without: str = "") -> set[str]:
    """The states that an execution may come to, though it never enters one of them."""
    reached: set[str] = set()
    new = {scope["StartAt"]}
    while new:
        reached |= new
        new = set().union(*(targets(scope["States"][name]) for name in new)) - reached - {without}
    return reached


def tasks(machine: State) -> Iterator[tuple[str, State]]:
    return ((name, state) for name, state in states(machine) if state["Type"] == "Task")


def test_these_are_all() -> None:
    assert set(DEFINITIONS) == {
        "backup_contacts.asl.json",
        "backup_then_delete_all.asl.json",
        "delete_contact_list.asl.json",
        "remove_contact_identifier.asl.json",
    }


@every_definition
def test_a_state_name_is_unique_in_its_state_machine(definition: State) -> None:
    """CreateStateMachine refuses a name that occurs twice, be it in different maps (DUPLICATE_STATE_NAME)."""
    names = [name for name, _ in states(definition)]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_definition_is_the_same_in_every_partition(source: str) -> None:
    """GovCloud is aws-us-gov, and China is aws-cn."""
    assert set(re.findall(r"arn:[^:]*:", source)) == {"arn:${Partition}:"}


@every_definition
def test_states_that_can_be_reached_are_those_of_their_scope(definition: State) -> None:
    for scope in scopes(definition):
        assert reachable(scope) == scope["States"].keys()


@every_definition
def test_every_state_ends_or_leads_on(definition: State) -> None:
    for name, state in states(definition):
        final = state.get("End") or state["Type"] in ("Fail", "Succeed")
        assert bool(final) != ("Next" in state or "Choices" in state), name


@every_definition
def test_an_execution_does_not_last_for_ever(definition: State) -> None:
    assert definition["TimeoutSeconds"] <= 14 * 24 * 3600
    for name, task in tasks(definition):
        assert "TimeoutSeconds" in task or "TimeoutSecondsPath" in task, name


@every_definition
def test_retries_are_spread_out_and_include_functions_that_could_not_be_invoked(definition: State) -> None:
    for name, task in tasks(definition):
        retries = task.get("Retry", [])
        for retry in retries:
            assert retry["JitterStrategy"] == "FULL", name
            assert retry["BackoffRate"] > 1, name
            assert retry["MaxDelaySeconds"] <= 900, name
            assert retry["MaxAttempts"] <= 60, name
        if task["Resource"] == LAMBDA:
            retried = {error for retry in retries for error in retry["ErrorEquals"]}
            assert retried >= TRANSIENT | WORTH_RETRYING, name


@every_definition
def test_what_is_not_retried_is_caught(definition: State) -> None:
    """All but the last words of an execution, after which nothing is left to do but fail."""
    within_a_map = {
        name
        for scope in scopes(definition)
        if scope is not definition and len(scope["States"]) == 1
        for name in scope["States"]
    }
    for name, task in tasks(definition):
        if name not in within_a_map | {"StoreResult", "Summarize"}:
            assert any("States.ALL" in catch["ErrorEquals"] for catch in task["Catch"]), name


@every_definition
def test_a_deletion_has_its_executions_name_as_request_id(definition: State) -> None:
    """So that a retried state never deletes twice."""
    for name, task in tasks(definition):
        if task["Parameters"].get("FunctionName") in DELETING:
            assert task["Parameters"]["Payload"]["request_id.$"] == "$$.Execution.Name", name


def test_nothing_is_deleted_before_the_backup_is_checked() -> None:
    """Without Backup there is no way to DeleteAll, and without CheckBackup no backup but an empty one."""
    assert "DeleteAll" not in reachable(DEFINITIONS["backup_then_delete_all.asl.json"], without="Backup")
    reached = reachable(DEFINITIONS["backup_contacts.asl.json"], without="CheckBackup")
    assert "CopyParts" in reached
    assert "Done" not in reached


def test_no_list_is_deleted_before_its_plan_is_allowed() -> None:
    """Nor is a list whose approval is asked for, or one that has no backup, without it."""
    definition = DEFINITIONS["delete_contact_list.asl.json"]
    for guard in ("IsValid", "Plan", "IsPlanAllowed"):
        assert "DeleteBatches" not in reachable(definition, without=guard), guard
    assert targets(definition["States"]["RequestApproval"]) == {
        "IsApproved",
        "ApprovalTimedOut",
        "NothingDeleted",
    }
    assert targets(definition["States"]["BackUpList"]) == {"Backup"}


def test_the_number_of_fields_that_is_checked_is_that_of_the_defaults() -> None:
    states = DEFINITIONS["delete_contact_list.asl.json"]["States"]
    counted, *_ = states["IsValid"]["Choices"][0]["And"]

    assert counted == {
        "Variable": "$.fields",
        "NumericEquals": len(states["Input"]["Parameters"]["defaults"]),
    }


def test_only_what_surely_precedes_the_delete_all_says_that_nothing_was_deleted() -> None:
    """A redriven execution may have sent it before: RequestConflict and LedgerUnavailable do not say."""
    states = DEFINITIONS["backup_then_delete_all.asl.json"]["States"]
    surely_nothing, anything = states["DeleteAll"]["Catch"]

    assert (surely_nothing["Next"], anything["Next"]) == ("NothingDeleted", "DeleteAllUnconfirmed")
    assert anything["ErrorEquals"] == ["States.ALL"]
    assert set(surely_nothing["ErrorEquals"]) == {
        *("InvalidRequest", "DeleteAllRefused"),
        *("SendGridRefused", "SendGridUnauthorized", "SendGridUnavailable", "RateLimited"),
    }
