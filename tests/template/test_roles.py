from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.conftest import Declared
from tests.template.names import NAMES

OPERATIONS = {"BulkDelete": "bulk_delete", "DeleteAll": "delete_all", "RemoveIdentifier": "remove_identifier"}
X_RAY = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]


def statements(declared: Declared, name: str) -> Iterator[Any]:
    for policy in declared.of_type("AWS::IAM::Role")[f"{name}FunctionRole"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def test_each_function_has_a_role_of_its_own_and_there_is_no_other(declared: Declared) -> None:
    assert sorted(declared.of_type("AWS::IAM::Role")) == [f"{name}FunctionRole" for name in NAMES]
    assert {name: declared.function(name)["Role"] for name in NAMES} == {
        name: f"{name}FunctionRole.Arn" for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_role_is_for_lambda_alone_and_takes_no_managed_policy(declared: Declared, name: str) -> None:
    role = declared.of_type("AWS::IAM::Role")[f"{name}FunctionRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert "ManagedPolicyArns" not in role


@pytest.mark.parametrize("name", NAMES)
def test_only_tracing_is_allowed_on_everything(declared: Declared, name: str) -> None:
    assert [s["Action"] for s in statements(declared, name) if "*" in s["Resource"]] == [X_RAY]


@pytest.mark.parametrize("name", NAMES)
def test_no_action_is_allowed_by_wildcard(declared: Declared, name: str) -> None:
    for statement in statements(declared, name):
        assert "*" not in "".join(statement["Action"])


@pytest.mark.parametrize("name", NAMES)
def test_a_function_reaches_nothing_of_another_function(declared: Declared, name: str) -> None:
    shared = {"LedgerTable.Arn", "SendGridApiKeySecret.Ref", "*"}

    for statement in statements(declared, name):
        assert statement["Resource"] in shared or statement["Resource"].startswith(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_reaches_only_its_own_items_of_the_ledger(declared: Declared, name: str) -> None:
    (ledger,) = (s for s in statements(declared, name) if s["Resource"] == "LedgerTable.Arn")

    assert ledger["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{OPERATIONS[name]}#*"]}
    }
