import json
import re
from collections.abc import Mapping
from typing import Any

from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import FUNCTIONS, QUEUES, STATE_MACHINES

SECRET = "AWS::SecretsManager::Secret"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:sendgrid-AbCdEf"


def test_ledger_is_the_table_that_powertools_expects_protected(declared: Declared) -> None:
    (table,) = declared.of_type("AWS::DynamoDB::Table").values()

    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiration", "Enabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert "LedgerTable" in declared.retained()


def test_failed_first_deployment_leaves_nothing_and_the_ledger_can_be_protected_later(
    source: Mapping[str, Any], declared: Declared
) -> None:
    """Retain would keep it, empty, after each attempt; CloudFormation cannot delete a protected table."""
    (table,) = declared.of_type("AWS::DynamoDB::Table").values()

    assert {resource.get("DeletionPolicy") for resource in source["Resources"].values()} == {
        None,
        "RetainExceptOnCreate",
    }
    assert table["DeletionProtectionEnabled"] is False
    protected = Declared(load_template(TEMPLATE, {"LedgerDeletionProtection": "true"}))
    (table,) = protected.of_type("AWS::DynamoDB::Table").values()
    assert table["DeletionProtectionEnabled"] is True


def test_secret_is_made_without_a_value_and_encrypted_with_the_key_that_is_given(declared: Declared) -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    (ours,) = Declared(load_template(TEMPLATE, {"SendGridApiKeyKmsKeyArn": key})).of_type(SECRET).values()
    (without,) = declared.of_type(SECRET).values()

    assert ours["KmsKeyId"] == key
    assert without.keys().isdisjoint({"KmsKeyId", "SecretString", "GenerateSecretString"})


def test_a_secret_that_is_given_replaces_the_stacks_own_everywhere() -> None:
    given = Declared(load_template(TEMPLATE, {"SendGridApiKeySecretArn": SECRET_ARN}))

    assert given.of_type(SECRET) == {}
    for name in FUNCTIONS:
        environment = given.function(name)["Environment"]["Variables"]
        assert environment["SENDGRID_API_KEY_SECRET_ID"] == SECRET_ARN
        for statement in given.statements(f"{name}FunctionRole"):
            if statement["Action"] == "secretsmanager:GetSecretValue":
                assert statement["Resource"] == SECRET_ARN


def test_no_resource_has_a_name_that_is_not_made_of_the_stacks(source: Mapping[str, Any]) -> None:
    """Or two stacks could not share an account."""
    kinds = "Alarm Bucket Dashboard Function LogGroup ManagedPolicy Queue Role StateMachine Table Topic"
    naming = {"Name", *(f"{kind}Name" for kind in kinds.split())}
    # They name the role or the function that they belong to; an alias has a name within its function.
    within_another = {"AWS::IAM::RolePolicy", "AWS::Lambda::Alias", "AWS::Lambda::EventSourceMapping"}

    for logical_id, resource in source["Resources"].items():
        if resource["Type"] in within_another:
            continue
        for name in naming & resource["Properties"].keys():
            assert "${AWS::StackName}" in str(resource["Properties"][name]), logical_id


def test_no_resource_is_of_one_partition_only() -> None:
    """In GovCloud and China an ARN begins with another one."""
    resources = TEMPLATE.read_text().partition("\nResources:")[2]

    assert set(re.findall(r"\barn:(\$\{[^}]+\}|[^:]+):", resources)) == {"${AWS::Partition}"}


def test_the_dashboard_is_valid_json_and_shows_every_alarm(declared: Declared) -> None:
    (dashboard,) = declared.of_type("AWS::CloudWatch::Dashboard").values()
    (shown,) = (w for w in json.loads(dashboard["DashboardBody"])["widgets"] if w["type"] == "alarm")

    assert sorted(shown["properties"]["alarms"]) == sorted(
        f"{alarm}.Arn" for alarm in declared.of_type("AWS::CloudWatch::Alarm")
    )


def test_the_dashboard_shows_every_queue_function_and_state_machine(declared: Declared) -> None:
    (dashboard,) = declared.of_type("AWS::CloudWatch::Dashboard").values()
    shown = {
        metric[3]
        for widget in json.loads(dashboard["DashboardBody"])["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if len(metric) > 3
    }

    assert shown == (
        {f"{queue}.QueueName" for queue in QUEUES}
        | {f"{name}Function.Ref" for name in FUNCTIONS}
        | {f"{name}StateMachine.Ref" for name in STATE_MACHINES}
    )
