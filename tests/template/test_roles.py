"""The functions' roles."""

from collections import defaultdict
from typing import Any

import pytest

from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import DELETERS, FUNCTIONS, QUEUE_FUNCTIONS, STATE_MACHINES

KMS_KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OPERATIONS = {"BulkDelete": "bulk_delete", "DeleteAll": "delete_all", "RemoveIdentifier": "remove_identifier"}
X_RAY = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# A deletion succeeds with its job, and only a request without a job succeeds where it was sent.
TASK_TOKENS = {
    "BulkDelete": {"states:SendTaskFailure"},
    "DeleteAll": {"states:SendTaskFailure"},
    "RemoveIdentifier": {"states:SendTaskSuccess", "states:SendTaskFailure"},
    "DeletionStatus": {"states:SendTaskSuccess", "states:SendTaskFailure"},
}

EVENT_BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"
WITHOUT_API_KEY = {"BackupCheck", "ListSummary"}
SHARED = {"LedgerTable.Arn", "SendGridApiKeySecret.Ref", "DeletionStatusQueue.Arn", EVENT_BUS, "*"}
BUCKET_ACCESS = {
    "ExportCopy": {"BackupBucket.Arn/backups/*": {"s3:PutObject", "s3:AbortMultipartUpload"}},
    "BackupCheck": {
        "BackupBucket.Arn": {"s3:ListBucket"},
        "BackupBucket.Arn/backups/*": {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"},
    },
    "ListSummary": {
        "ContactListBucket.Arn": {"s3:ListBucket"},
        "ContactListBucket.Arn/results/*": {"s3:GetObject", "s3:PutObject"},
    },
    "PrepareList": {
        "ContactListBucket.Arn": {"s3:ListBucket"},
        "ContactListBucket.Arn/lists/*": {"s3:GetObject"},
        "ContactListBucket.Arn/results/*": {"s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"},
        "BackupBucket.Arn/backups/*": {"s3:GetObjectVersion"},
    },
}


def actions(statement: Any) -> list[str]:
    action = statement["Action"]
    return action if isinstance(action, list) else [action]


def allowed(declared: Declared, name: str, service: str) -> dict[str, set[str]]:
    """Resource → what a function may do there, of one service."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for statement in declared.statements(f"{name}FunctionRole"):
        if actions(statement)[0].startswith(f"{service}:"):
            found[statement["Resource"]].update(actions(statement))
    return found


def managed(name: str) -> list[str]:
    """The stack's policies that a function shares with others."""
    return [
        "FunctionTracingPolicy.Ref",
        *(["SendGridApiKeyPolicy.Ref"] if name not in WITHOUT_API_KEY else []),
        *(["OutcomeReportingPolicy.Ref"] if name in QUEUE_FUNCTIONS else []),
    ]


def test_each_function_and_state_machine_has_a_role_of_its_own_and_there_is_no_other(
    declared: Declared,
) -> None:
    of_functions = {declared.function(name)["Role"] for name in FUNCTIONS}
    of_state_machines = {declared.state_machine(name)["RoleArn"] for name in STATE_MACHINES}

    assert of_functions == {f"{name}FunctionRole.Arn" for name in FUNCTIONS}
    assert of_state_machines == {f"{name}StateMachineRole.Arn" for name in STATE_MACHINES}
    assert of_functions | of_state_machines == {f"{role}.Arn" for role in declared.of_type("AWS::IAM::Role")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_is_for_lambda_alone_and_shares_the_policies_of_its_kind_only(
    declared: Declared, name: str
) -> None:
    role = declared.of_type("AWS::IAM::Role")[f"{name}FunctionRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert role["ManagedPolicyArns"] == managed(name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_tracing_and_task_tokens_are_allowed_on_everything(declared: Declared, name: str) -> None:
    everywhere = [
        action
        for statement in declared.statements(f"{name}FunctionRole")
        if statement["Resource"] == "*"
        for action in actions(statement)
    ]

    assert sorted(everywhere) == sorted(X_RAY | TASK_TOKENS.get(name, set()))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_action_is_allowed_by_wildcard(declared: Declared, name: str) -> None:
    for statement in declared.statements(f"{name}FunctionRole"):
        assert "*" not in "".join(actions(statement))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_reaches_nothing_of_another_function(declared: Declared, name: str) -> None:
    own_buckets = BUCKET_ACCESS.get(name, {}).keys()

    for statement in declared.statements(f"{name}FunctionRole"):
        resource = statement["Resource"]
        assert resource in SHARED | own_buckets or resource.startswith(
            (f"{name}Function", f"{name}Queue", f"{name}DeadLetterQueue")
        )


def test_only_functions_that_call_sendgrid_can_read_the_api_key(declared: Declared) -> None:
    readers = {name for name in FUNCTIONS if allowed(declared, name, "secretsmanager")}

    assert set(FUNCTIONS) - readers == WITHOUT_API_KEY


def test_functions_that_read_the_api_key_may_decrypt_it_with_the_key_that_is_given() -> None:
    """Through Secrets Manager, and nothing else."""
    declared = Declared(load_template(TEMPLATE, {"SendGridApiKeyKmsKeyArn": KMS_KEY_ARN}))

    for name in FUNCTIONS:
        decrypting = [s for s in declared.statements(f"{name}FunctionRole") if "kms:" in str(s["Action"])]
        assert decrypting == [
            {
                "Sid": "DecryptApiKey",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": KMS_KEY_ARN,
                "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}},
            }
            for _ in allowed(declared, name, "secretsmanager")
        ], name


def test_without_a_key_no_function_may_decrypt(declared: Declared) -> None:
    assert [name for name in FUNCTIONS if allowed(declared, name, "kms")] == []


def test_a_role_of_a_function_names_all_its_policies() -> None:
    """A policy can also name the roles that it is attached to, where these tests would not find it."""
    declared = Declared(load_template(TEMPLATE, {"SendGridApiKeyKmsKeyArn": KMS_KEY_ARN}))

    assert declared.of_type("AWS::IAM::Policy") == {}
    for logical_id, policy in declared.of_type("AWS::IAM::ManagedPolicy").items():
        assert policy.keys() <= {"Description", "PolicyDocument"}, logical_id
    for policy in declared.of_type("AWS::IAM::RolePolicy").values():
        assert policy["RoleName"] not in {f"{name}FunctionRole.Ref" for name in FUNCTIONS}


@pytest.mark.parametrize("arn", ["", "arn:aws:iam::123456789012:policy/boundaries/developers"])
def test_every_role_has_the_boundary_that_is_given(arn: str) -> None:
    declared = Declared(load_template(TEMPLATE, {"PermissionsBoundaryArn": arn}))

    for role, properties in declared.of_type("AWS::IAM::Role").items():
        assert properties.get("PermissionsBoundary", "") == arn, role


@pytest.mark.parametrize("name", DELETERS)
def test_a_function_reaches_only_its_own_items_of_the_ledger(declared: Declared, name: str) -> None:
    (ledger,) = (s for s in declared.statements(f"{name}FunctionRole") if s["Resource"] == "LedgerTable.Arn")

    assert ledger["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{OPERATIONS[name]}#*"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }


def test_only_functions_that_delete_reach_the_ledger_and_have_jobs_followed(declared: Declared) -> None:
    """DeletionStatusFunction hands on what is left of a message."""
    for name in FUNCTIONS:
        deletes = name in DELETERS
        assert bool(allowed(declared, name, "dynamodb")) is deletes
        on_the_queue = allowed(declared, name, "sqs")["DeletionStatusQueue.Arn"]
        assert ("sqs:SendMessage" in on_the_queue) is (deletes or name == "DeletionStatus")
        assert name == "DeletionStatus" or on_the_queue <= {"sqs:SendMessage"}


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_outcomes_are_published_on_the_stacks_bus_under_its_own_name_only(
    declared: Declared, name: str
) -> None:
    (publish,) = (s for s in declared.statements(f"{name}FunctionRole") if s["Action"] == "events:PutEvents")

    assert publish["Resource"] == EVENT_BUS
    assert publish["Condition"] == {
        "ForAllValues:StringEquals": {"events:source": "sendgrid-contact-deletion"},
        "Null": {"events:source": "false"},
    }


def test_a_condition_on_all_values_demands_that_there_is_one(declared: Declared) -> None:
    """IAM finds it met where the request has none."""
    for name in FUNCTIONS:
        for statement in declared.statements(f"{name}FunctionRole"):
            conditions = statement.get("Condition", {})
            for operator in conditions.keys() & {"ForAllValues:StringEquals", "ForAllValues:StringLike"}:
                for key in conditions[operator]:
                    assert conditions["Null"][key] == "false", (name, statement["Sid"])


def test_without_events_no_function_may_put_them() -> None:
    declared = Declared(load_template(TEMPLATE, {"OutcomeEvents": "none"}))

    assert [name for name in FUNCTIONS if allowed(declared, name, "events")] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_reaches_its_own_part_of_a_bucket_and_no_more(declared: Declared, name: str) -> None:
    assert allowed(declared, name, "s3") == BUCKET_ACCESS.get(name, {})


@pytest.mark.parametrize(
    ("name", "operator"),
    [
        ("ListSummary", "StringLike"),
        # A request for one object has no prefix: without the permission, S3 responds 403 where a list does not exist.
        ("PrepareList", "StringLikeIfExists"),
    ],
)
def test_a_function_that_lists_results_lists_nothing_else_of_the_bucket(
    declared: Declared, name: str, operator: str
) -> None:
    role = f"{name}FunctionRole"
    (listing,) = (s for s in declared.statements(role) if s["Action"] == "s3:ListBucket")

    assert listing["Condition"] == {operator: {"s3:prefix": "results/*"}}
