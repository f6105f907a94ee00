"""The deletion of all contacts can be given to fewer people than the rest, since the stack gives it to none."""

import json
from typing import Any

from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import STATE_MACHINES


def allowed(declared: Declared) -> list[tuple[str, Any]]:
    """Each statement of any role or policy in the stack that allows something, with whose it is."""
    kinds = (
        "AWS::IAM::Role",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::ManagedPolicy",
        "AWS::SQS::QueuePolicy",
    )
    return [
        (logical_id, statement)
        for kind in kinds
        for logical_id, properties in declared.of_type(kind).items()
        for document in _documents(properties)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
    ]


def _documents(properties: Any) -> list[Any]:
    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    return [*inline, *([properties["PolicyDocument"]] if "PolicyDocument" in properties else [])]


def test_nothing_in_the_stack_may_send_to_its_queue(declared: Declared) -> None:
    reaching = {
        (owner, action)
        for owner, statement in allowed(declared)
        if "DeleteAllQueue.Arn" in str(statement["Resource"])
        for action in statement["Action"]
    }

    assert {owner for owner, _ in reaching} == {"DeleteAllFunctionRole"}
    assert "sqs:SendMessage" not in {action for _, action in reaching}


def test_one_workflow_alone_may_invoke_its_function(declared: Declared) -> None:
    invoking = {
        owner
        for owner, statement in allowed(declared)
        if "DeleteAllFunction.Arn" in str(statement["Resource"])
    }

    assert invoking == {"BackupThenDeleteAllStateMachineRole"}
    assert declared.of_type("AWS::Lambda::Permission") == {}


def test_no_other_function_calls_it_off_or_on(declared: Declared) -> None:
    for name in set(STATE_MACHINES) - {"BackupThenDeleteAll"}:
        assert "DeleteAllFunction" not in json.dumps(declared.state_machine(name))


def test_it_is_off_unless_the_deployment_switches_it_on(declared: Declared) -> None:
    on = Declared(load_template(TEMPLATE, {"DeleteAllEnabled": "true"}))

    assert declared.function("DeleteAll")["Environment"]["Variables"]["DELETE_ALL_ENABLED"] == "false"
    assert on.function("DeleteAll")["Environment"]["Variables"]["DELETE_ALL_ENABLED"] == "true"
