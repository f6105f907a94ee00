"""Checks that send nothing: the secret, the alarms' subscription, the event source mappings."""

from typing import Any

from local.smoke.deployed_stack import DeployedStack
from local.smoke.failures import CheckFailed, CheckSkipped

_STOPPED = ("Disabled", "Disabling", "Deleting")


def secret_has_a_value(secrets_manager: Any, stack: DeployedStack) -> str:
    """Reads the versions only, never the value."""
    described = secrets_manager.describe_secret(SecretId=stack.output("SendGridApiKeySecretArn"))
    versions = described.get("VersionIdsToStages") or {}
    if not any("AWSCURRENT" in stages for stages in versions.values()):
        raise CheckFailed(
            "the secret is empty", "Put the API key into it: the output PutApiKeyCommand has the command."
        )
    return "has a value"


def alarms_reach_a_subscriber(sns: Any, stack: DeployedStack) -> str:
    """Endpoints, which are mail addresses, are not looked at."""
    topic_arn = stack.parameter("AlarmTopicArn")
    if not topic_arn:
        if not stack.parameter("AlarmEmail"):
            raise CheckSkipped("no alarm reaches anyone: deploy with AlarmEmail or AlarmTopicArn")
        topic_arn = stack.physical_id("AlarmTopic")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
    arns = [subscription["SubscriptionArn"] for page in pages for subscription in page["Subscriptions"]]
    confirmed = [arn for arn in arns if arn.startswith("arn:")]
    if not confirmed and "PendingConfirmation" in arns:
        raise CheckFailed(
            "the subscription is not confirmed",
            "Open the mail “AWS Notification - Subscription Confirmation” and follow its link. After three days it is"
            " void: subscribe the address to the topic again.",
        )
    if not confirmed:
        raise CheckFailed(
            "the alarm topic has no subscription",
            "Someone has unsubscribed, or a confirmation was not given in time: subscribe the address again.",
        )
    return f"{len(confirmed)} confirmed"


def queue_is_consumed(lambda_: Any, stack: DeployedStack, queue: str) -> str:
    mappings = lambda_.list_event_source_mappings(EventSourceArn=stack.output(f"{queue}QueueArn"))[
        "EventSourceMappings"
    ]
    if not mappings:
        raise CheckFailed("no function receives from the queue", "Deploy the stack again.")
    state = mappings[0]["State"]
    if state in _STOPPED:
        raise CheckFailed(
            f"the event source mapping is {state.lower()}",
            "Someone has paused the queue: docs/operations.md, Pausing, has the command that resumes it.",
        )
    return str(state).lower()
