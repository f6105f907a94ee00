"""The state machines around the definitions: what they are given, and what their roles allow."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from contact_deletion.sendgrid.polling import FIRST_POLL_SECONDS
from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import FUNCTIONS, STATE_MACHINES
from tests.template.tree import within

TOPIC_ARN = "arn:aws:sns:eu-west-1:123456789012:approvals"
CONTACTS_PER_CALL = 204
CONTACTS_PER_BATCH = 20 * CONTACTS_PER_CALL
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def role_statements(declared: Declared, name: str) -> dict[str, Any]:
    """By Sid, with the policies that are apart from the role."""
    role = f"{name}StateMachineRole"
    apart = (
        statement
        for policy in declared.of_type("AWS::IAM::RolePolicy").values()
        if policy["RoleName"] == f"{role}.Ref"
        for statement in policy["PolicyDocument"]["Statement"]
    )
    return {statement["Sid"]: statement for statement in [*declared.statements(role), *apart]}


def test_these_are_all_the_state_machines(declared: Declared) -> None:
    assert sorted(declared.of_type("AWS::StepFunctions::StateMachine")) == [
        f"{name}StateMachine" for name in STATE_MACHINES
    ]


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_state_machine_is_a_standard_workflow(declared: Declared, name: str) -> None:
    """An express one ends after five minutes and cannot wait for a task token."""
    assert declared.state_machine(name)["StateMachineType"] == "STANDARD"


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_every_placeholder_is_substituted_and_every_substitution_is_used(
    declared: Declared, name: str
) -> None:
    substitutions = declared.state_machine(name)["DefinitionSubstitutions"]

    assert set(PLACEHOLDER.findall(declared.definition(name))) == substitutions.keys()


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_task_is_waited_for_longer_than_its_function_may_run(declared: Declared, name: str) -> None:
    invoking = [
        (task["Parameters"]["FunctionName"], task["TimeoutSeconds"])
        for task in within(json.loads(declared.definition(name)), "Type", "Task")
        if task["Resource"] == "arn:${Partition}:states:::lambda:invoke"
    ]

    assert invoking
    for function, timeout in invoking:
        (placeholder,) = PLACEHOLDER.findall(function)
        assert timeout > declared.function(placeholder.removesuffix("FunctionArn"))["Timeout"], function


@pytest.mark.parametrize("name", ["BackupThenDeleteAll", "DeleteContactList"])
def test_the_longest_wait_for_approval_fits_into_the_workflow(
    declared: Declared, source: Mapping[str, Any], name: str
) -> None:
    workflow_timeout = json.loads(declared.definition(name))["TimeoutSeconds"]

    assert 2 * source["Parameters"]["ApprovalTimeoutSeconds"]["MaxValue"] <= workflow_timeout


def test_as_many_batches_of_a_list_run_at_once_as_the_parameter_says() -> None:
    declared = Declared(load_template(TEMPLATE, {"ListConcurrency": "40"}))

    assert declared.state_machine("DeleteContactList")["DefinitionSubstitutions"]["ListConcurrency"] == "40"


def test_a_list_reaches_the_rate_limit_where_jobs_have_ended_at_the_first_poll(
    source: Mapping[str, Any],
) -> None:
    """600 calls a minute; a batch's calls take some 5 seconds, and its jobs are first asked about 30 seconds later."""
    concurrency = source["Parameters"]["ListConcurrency"]["Default"]
    calls = CONTACTS_PER_BATCH / CONTACTS_PER_CALL
    assert concurrency * calls * 60 / (5 + FIRST_POLL_SECONDS) >= 600


def test_every_function_that_is_not_fed_by_a_queue_is_used_by_a_workflow(declared: Declared) -> None:
    used = {
        value
        for name in STATE_MACHINES
        for value in declared.state_machine(name)["DefinitionSubstitutions"].values()
    }

    for name in FUNCTIONS:
        assert name in declared.fed_functions() or f"{name}Function.Arn" in used, name


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_workflow_is_traced_and_logged_without_its_data(declared: Declared, name: str) -> None:
    """The data say whom a request is about."""
    machine = declared.state_machine(name)

    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"] == {
        "Level": "ERROR",
        "IncludeExecutionData": False,
        "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": f"{name}StateMachineLogGroup.Arn"}},
        ],
    }
    assert declared.of_type("AWS::Logs::LogGroup")[f"{name}StateMachineLogGroup"]["RetentionInDays"] > 0


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_role_is_for_workflows_of_this_account_alone(declared: Declared, name: str) -> None:
    role = declared.of_type("AWS::IAM::Role")[f"{name}StateMachineRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "states.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_workflow_may_invoke_exactly_the_functions_that_it_names(declared: Declared, name: str) -> None:
    named = {
        value
        for key, value in declared.state_machine(name)["DefinitionSubstitutions"].items()
        if key.endswith("FunctionArn")
    }
    invoke = role_statements(declared, name)["InvokeFunctions"]

    assert invoke["Action"] == "lambda:InvokeFunction"
    assert set(invoke["Resource"]) == named


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_workflow_may_do_nothing_by_wildcard_but_log_and_trace(declared: Declared, name: str) -> None:
    role = declared.of_type("AWS::IAM::Role")[f"{name}StateMachineRole"]
    statements = role_statements(declared, name).values()

    assert role["ManagedPolicyArns"][0] == "StateMachineObservabilityPolicy.Ref"
    everywhere = [action for s in statements if s["Resource"] == "*" for action in s["Action"]]
    assert {action.partition(":")[0] for action in everywhere} == {"logs", "xray"}
    for statement in statements:
        assert "*" not in "".join(statement["Action"])


def test_workflows_that_need_a_backup_may_run_its_workflow_and_no_other(declared: Declared) -> None:
    """What AWS's documentation of nested executions asks for, limited to the one workflow."""
    here = "us-east-1:123456789012"
    shared = {
        (
            tuple(statement["Action"]) if isinstance(statement["Action"], list) else statement["Action"]
        ): statement["Resource"]
        for statement in declared.of_type("AWS::IAM::ManagedPolicy")["BackupExecutionPolicy"][
            "PolicyDocument"
        ]["Statement"]
    }

    assert shared == {
        "states:StartExecution": "BackupContactsStateMachine.Ref",
        ("states:DescribeExecution", "states:StopExecution"): (
            f"arn:aws:states:{here}:execution:BackupContactsStateMachine.Name:*"
        ),
        ("events:PutTargets", "events:PutRule", "events:DescribeRule"): (
            f"arn:aws:events:{here}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
        ),
    }
    for name in STATE_MACHINES:
        policies = declared.of_type("AWS::IAM::Role")[f"{name}StateMachineRole"]["ManagedPolicyArns"]
        runs_it = "BackupContactsStateMachineArn" in declared.state_machine(name)["DefinitionSubstitutions"]
        assert ("BackupExecutionPolicy.Ref" in policies) is runs_it


@pytest.mark.parametrize("expression", ["", "rate(7 days)", "cron(0 3 ? * SUN *)"])
def test_contacts_are_backed_up_on_a_schedule_where_one_is_given(
    source: Mapping[str, Any], expression: str
) -> None:
    declared = Declared(load_template(TEMPLATE, {"BackupSchedule": expression}))
    schedules = declared.of_type("AWS::Scheduler::Schedule")
    roles = declared.of_type("AWS::IAM::Role")

    assert re.fullmatch(source["Parameters"]["BackupSchedule"]["AllowedPattern"], expression)
    assert bool(schedules) is ("BackupContactsScheduleRole" in roles) is bool(expression)
    for schedule in schedules.values():
        assert schedule["ScheduleExpression"] == expression
        assert schedule["Target"] == {
            "Arn": "BackupContactsStateMachine.Ref",
            "RoleArn": "BackupContactsScheduleRole.Arn",
            "Input": "{}",
        }
        (allowed,) = declared.statements("BackupContactsScheduleRole")
        assert (allowed["Action"], allowed["Resource"]) == (
            "states:StartExecution",
            "BackupContactsStateMachine.Ref",
        )
        (trust,) = roles["BackupContactsScheduleRole"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_without_a_schedule_none_is_declared(source: Mapping[str, Any]) -> None:
    assert source["Parameters"]["BackupSchedule"]["Default"] == ""


def test_a_workflow_reaches_batches_and_results_of_lists_but_no_list(declared: Declared) -> None:
    statements = role_statements(declared, "DeleteContactList")

    (in_bucket,) = (
        statement for statement in statements.values() if "ContactListBucket" in str(statement["Resource"])
    )
    assert in_bucket["Resource"] == "ContactListBucket.Arn/results/*"
    assert set(in_bucket["Action"]) == {
        "s3:PutObject",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:AbortMultipartUpload",
    }


def test_a_list_starts_and_follows_executions_of_its_own_workflow_only(declared: Declared) -> None:
    statements = role_statements(declared, "DeleteContactList")
    executions = "arn:aws:states:us-east-1:123456789012:execution:DeleteContactListStateMachine.Name"

    assert statements["StartBatches"]["Action"] == "states:StartExecution"
    assert statements["StartBatches"]["Resource"] == "DeleteContactListStateMachine.Ref"
    assert statements["ControlBatches"]["Resource"] == [f"{executions}:*", f"{executions}/*"]


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_only_workflows_that_delete_many_may_ask_for_approval_and_only_where_it_is_wanted(name: str) -> None:
    asking = Declared(load_template(TEMPLATE, {"ApprovalTopicArn": TOPIC_ARN}))
    asks = role_statements(asking, name).get("RequestApproval")

    assert "RequestApproval" not in role_statements(Declared(load_template(TEMPLATE)), name)
    if name in {"BackupThenDeleteAll", "DeleteContactList"}:
        assert asks == {
            "Sid": "RequestApproval",
            "Effect": "Allow",
            "Action": "sns:Publish",
            "Resource": TOPIC_ARN,
        }
    else:
        assert asks is None
