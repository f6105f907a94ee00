"""What the checks say of secrets, subscriptions and stacks that are not as they should be."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError

from local.smoke import configuration
from local.smoke.deployed_stack import DeployedStack
from local.smoke.failures import CheckFailed, CheckSkipped, aws_failure, named_failure


def stack(**parameters: str) -> Any:
    """A stack with these parameters, whose outputs and resources are called as their names."""
    return SimpleNamespace(
        parameter=lambda name: parameters.get(name, ""), output=str, physical_id=lambda logical_id: logical_id
    )


def sns(*subscription_arns: str) -> Any:
    """Of one topic, with its subscriptions on pages of one."""
    pages = [
        {"Subscriptions": [{"SubscriptionArn": arn, "Endpoint": "ada@example.com"}]}
        for arn in subscription_arns
    ]
    return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: pages))


def secrets_manager(versions: dict[str, list[str]] | None) -> Any:
    return SimpleNamespace(describe_secret=lambda **_: {"VersionIdsToStages": versions})


def cloudformation(status: str, *outputs: str) -> Any:
    found = {"StackStatus": status, "Outputs": [{"OutputKey": name, "OutputValue": name} for name in outputs]}
    return SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [found]})


@pytest.mark.parametrize("versions", [None, {}, {"one": ["AWSPENDING"]}])
def test_secret_without_current_value_fails(versions: dict[str, list[str]] | None) -> None:
    with pytest.raises(CheckFailed, match="the secret is empty") as failed:
        configuration.secret_has_a_value(secrets_manager(versions), stack())

    assert "PutApiKeyCommand" in failed.value.advice


def test_pending_subscription_fails_without_its_address() -> None:
    client, given = sns("PendingConfirmation"), stack(AlarmEmail="ada@example.com")
    with pytest.raises(CheckFailed, match="not confirmed") as failed:
        configuration.alarms_reach_a_subscriber(client, given)

    assert "ada" not in failed.value.detail + failed.value.advice


def test_one_confirmed_subscription_of_several_passes() -> None:
    client = sns("PendingConfirmation", "Deleted", "arn:aws:sns:us-east-1:123456789012:Alarms:1")

    assert configuration.alarms_reach_a_subscriber(client, stack(AlarmTopicArn="arn")) == "1 confirmed"


def test_stack_without_alarm_topic_is_skipped_with_what_to_do() -> None:
    with pytest.raises(CheckSkipped, match="deploy with AlarmEmail"):
        configuration.alarms_reach_a_subscriber(sns(), stack())


@pytest.mark.parametrize(
    ("states", "reason"),
    [(["Disabled"], "disabled"), (["Disabling"], "disabling"), ([], "no function receives")],
)
def test_queue_that_is_paused_or_has_no_consumer_fails(states: list[str], reason: str) -> None:
    mappings = {"EventSourceMappings": [{"State": state} for state in states]}
    client = SimpleNamespace(list_event_source_mappings=lambda **_: mappings)
    with pytest.raises(CheckFailed, match=reason):
        configuration.queue_is_consumed(client, stack(), "BulkDelete")


@pytest.mark.parametrize(
    ("status", "output", "reason"),
    [
        ("UPDATE_IN_PROGRESS", "BulkDeleteQueueUrl", "UPDATE_IN_PROGRESS"),
        ("CREATE_COMPLETE", "WebsiteUrl", "no output BulkDeleteQueueUrl"),
    ],
)
def test_stack_that_is_being_deployed_or_another_fails(status: str, output: str, reason: str) -> None:
    with pytest.raises(CheckFailed, match=reason):
        DeployedStack(cloudformation(status, output), "name")


def test_other_error_of_cloudformation_is_raised() -> None:
    def describe_stacks(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, "DescribeStacks")

    with pytest.raises(ClientError, match="slow down"):
        DeployedStack(SimpleNamespace(describe_stacks=describe_stacks), "name")


def test_errors_of_aws_say_what_to_do() -> None:
    throttled = ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate"}}, "Invoke")

    assert "Service Quotas" in aws_failure(throttled).advice
    assert "AWS_PROFILE" in aws_failure(NoCredentialsError()).advice
    assert "REGION=" in aws_failure(NoRegionError()).advice


def test_error_without_a_message_is_its_name() -> None:
    assert named_failure("States.Timeout", "").detail == "States.Timeout"
