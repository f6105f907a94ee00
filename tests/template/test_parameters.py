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


ALLOWED = {
    "SendGridBaseUrl": [
        "https://api.sendgrid.com",
        "https://proxy.example.com:8443/sendgrid",
        "http://localhost:8025",
        "http://127.0.0.1:8025",
        "http://172.17.0.1:8025",
        "http://host.docker.internal:8025",
    ],
    "SendGridApiKeySecretArn": [
        "",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/sendgrid-AbCdEf",
        "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:sendgrid-AbCdEf",
    ],
    "SendGridApiKeyKmsKeyArn": [
        "",
        "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd",
        "arn:aws-cn:kms:cn-north-1:123456789012:key/1234abcd-12ab",
    ],
    "PermissionsBoundaryArn": [
        "",
        "arn:aws:iam::123456789012:policy/boundaries/developers",
        "arn:aws-us-gov:iam::aws:policy/PowerUserAccess",
    ],
    "EventBusName": ["default", "team/orders.events-1"],
}
REFUSED = {
    # These would send the key in the clear, or elsewhere.
    "SendGridBaseUrl": [
        "",
        "http://api.sendgrid.com",
        "http://172.32.0.1",
        "http://localhost.example.com",
        "https://user@api.sendgrid.com",
        "https://api.sendgrid.com?x=y",
        "ftp://localhost",
    ],
    # IAM compares the complete ARN: without its suffix no function could read the secret.
    "SendGridApiKeySecretArn": [
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:sendgrid",
        "sendgrid-AbCdEf",
    ],
    # IAM does not know the alias of a key as a resource.
    "SendGridApiKeyKmsKeyArn": ["arn:aws:kms:eu-west-1:123456789012:alias/sendgrid", "1234abcd-12ab"],
    "PermissionsBoundaryArn": ["arn:aws:iam::123456789012:role/developers", "developers"],
    # The roles may put events on the bus of this name in the stack's own account and region.
    "EventBusName": ["", "arn:aws:events:eu-west-1:123456789012:event-bus/default"],
}


@pytest.mark.parametrize(
    ("parameter", "value", "is_allowed"),
    [
        (parameter, value, values is ALLOWED)
        for values in (ALLOWED, REFUSED)
        for parameter in values
        for value in values[parameter]
    ],
)
def test_allowed_values(source: Mapping[str, Any], parameter: str, value: str, is_allowed: bool) -> None:
    assert bool(re.search(source["Parameters"][parameter]["AllowedPattern"], value)) is is_allowed


def test_producers_and_workflows_find_what_they_need_in_the_outputs(source: Mapping[str, Any]) -> None:
    queues = [f"{name}{kind}" for name in QUEUE_FUNCTIONS for kind in ("Queue", "DeadLetterQueue")]
    needed: dict[str, Any] = {f"{queue}Url": {"Ref": queue} for queue in queues}
    needed |= {f"{queue}Arn": {"Fn::GetAtt": [queue, "Arn"]} for queue in queues}
    needed |= {f"{name}FunctionArn": {"Fn::GetAtt": [f"{name}Function", "Arn"]} for name in QUEUE_FUNCTIONS}
    needed |= {f"{name}StateMachineArn": {"Ref": f"{name}StateMachine"} for name in STATE_MACHINES}
    needed |= {f"{bucket}Name": {"Ref": bucket} for bucket in BUCKETS}

    assert needed == {name: source["Outputs"][name]["Value"] for name in needed}
