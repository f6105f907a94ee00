import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.template.names import BUCKETS, QUEUE_FUNCTIONS, STATE_MACHINES


def test_every_parameter_is_described_and_has_a_default(source: Mapping[str, Any]) -> None:
    for name, parameter in source["Parameters"].items():
        assert parameter["Description"], name
        assert "Default" in parameter, name


def test_every_parameter_has_a_place_in_the_console(source: Mapping[str, Any]) -> None:
    groups = source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(source["Parameters"])


@pytest.mark.parametrize(
    "url",
    [
        "https://api.sendgrid.com",
        "https://proxy.example.com:8443/sendgrid",
        "http://localhost:8025",
        "http://127.0.0.1:8025",
        "http://172.17.0.1:8025",
        "http://host.docker.internal:8025",
    ],
)
def test_the_base_url_may_be_https_or_nearby(source: Mapping[str, Any], url: str) -> None:
    assert re.search(source["Parameters"]["SendGridBaseUrl"]["AllowedPattern"], url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://api.sendgrid.com",
        "http://172.32.0.1",
        "http://localhost.example.com",
        "https://user@api.sendgrid.com",
        "https://api.sendgrid.com?x=y",
        "ftp://localhost",
    ],
)
def test_the_base_url_may_not_send_the_key_in_the_clear(source: Mapping[str, Any], url: str) -> None:
    assert not re.search(source["Parameters"]["SendGridBaseUrl"]["AllowedPattern"], url)


@pytest.mark.parametrize(
    ("arn", "complete"),
    [
        ("", True),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/sendgrid-AbCdEf", True),
        ("arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:sendgrid-AbCdEf", True),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:sendgrid", False),
        ("sendgrid-AbCdEf", False),
    ],
)
def test_a_secret_is_named_by_its_complete_arn(source: Mapping[str, Any], arn: str, complete: bool) -> None:
    """IAM compares it with the whole ARN: one without its suffix would be readable by nobody."""
    pattern = source["Parameters"]["SendGridApiKeySecretArn"]["AllowedPattern"]

    assert bool(re.search(pattern, arn)) is complete


@pytest.mark.parametrize(
    ("parameter", "arn", "complete"),
    [
        ("SendGridApiKeyKmsKeyArn", "", True),
        ("SendGridApiKeyKmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd", True),
        ("SendGridApiKeyKmsKeyArn", "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab", True),
        ("SendGridApiKeyKmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:alias/sendgrid", False),
        ("SendGridApiKeyKmsKeyArn", "1234abcd-12ab", False),
        ("PermissionsBoundaryArn", "", True),
        ("PermissionsBoundaryArn", "arn:aws:iam::123456789012:policy/boundaries/developers", True),
        ("PermissionsBoundaryArn", "arn:aws-us-gov:iam::aws:policy/PowerUserAccess", True),
        ("PermissionsBoundaryArn", "arn:aws:iam::123456789012:role/developers", False),
        ("PermissionsBoundaryArn", "developers", False),
    ],
)
def test_a_key_and_a_boundary_are_named_by_their_arn(
    source: Mapping[str, Any], parameter: str, arn: str, complete: bool
) -> None:
    """IAM does not know the alias of a key as a resource."""
    assert bool(re.search(source["Parameters"][parameter]["AllowedPattern"], arn)) is complete


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("", True),
        ("default", True),
        ("team/orders.events-1", True),
        ("arn:aws:events:eu-west-1:123456789012:event-bus/default", False),
    ],
)
def test_an_event_bus_is_named_without_its_account(
    source: Mapping[str, Any], name: str, allowed: bool
) -> None:
    """The roles are allowed to put events on the bus of this name in the stack's own account and region."""
    assert bool(re.search(source["Parameters"]["EventBusName"]["AllowedPattern"], name)) is allowed


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_producers_and_workflows_find_what_they_need_in_the_outputs(
    source: Mapping[str, Any], name: str
) -> None:
    outputs = source["Outputs"]

    assert outputs[f"{name}QueueUrl"]["Value"] == {"Ref": f"{name}Queue"}
    assert outputs[f"{name}QueueArn"]["Value"] == {"Fn::GetAtt": [f"{name}Queue", "Arn"]}
    assert outputs[f"{name}DeadLetterQueueUrl"]["Value"] == {"Ref": f"{name}DeadLetterQueue"}
    assert outputs[f"{name}DeadLetterQueueArn"]["Value"] == {"Fn::GetAtt": [f"{name}DeadLetterQueue", "Arn"]}
    assert outputs[f"{name}FunctionArn"]["Value"] == {"Fn::GetAtt": [f"{name}Function", "Arn"]}


@pytest.mark.parametrize("name", STATE_MACHINES)
def test_a_state_machine_is_found_in_the_outputs(source: Mapping[str, Any], name: str) -> None:
    assert source["Outputs"][f"{name}StateMachineArn"]["Value"] == {"Ref": f"{name}StateMachine"}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_found_in_the_outputs(source: Mapping[str, Any], bucket: str) -> None:
    assert source["Outputs"][f"{bucket}Name"]["Value"] == {"Ref": bucket}
