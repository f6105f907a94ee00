from collections.abc import Mapping
from typing import Any

import pytest

from tests.template.conftest import Declared
from tests.template.names import NAMES, QUEUES

FOURTEEN_DAYS = 14 * 24 * 3600


def test_there_are_a_queue_and_a_dead_letter_queue_for_each_function(declared: Declared) -> None:
    assert sorted(declared.of_type("AWS::SQS::Queue")) == sorted(QUEUES)


@pytest.mark.parametrize("name", NAMES)
def test_the_visibility_timeout_outlasts_six_runs_of_the_function_and_the_longest_batching_window(
    declared: Declared, source: Mapping[str, Any], name: str
) -> None:
    mapping = declared.event_source(name)
    longest_window = source["Parameters"]["BatchingWindowSeconds"]["MaxValue"]
    window = longest_window if "MaximumBatchingWindowInSeconds" in mapping else 0

    visibility = declared.queue(f"{name}Queue")["VisibilityTimeout"]

    assert visibility >= 6 * declared.function(name)["Timeout"] + window


def test_a_delete_all_request_whose_function_died_comes_back_too_old(
    declared: Declared, source: Mapping[str, Any]
) -> None:
    """With a minute to spare for clocks that differ."""
    oldest_allowed = source["Parameters"]["DeleteAllMaxAgeSeconds"]["MaxValue"]

    assert declared.queue("DeleteAllQueue")["VisibilityTimeout"] >= oldest_allowed + 60


@pytest.mark.parametrize("name", NAMES)
def test_a_queue_gives_up_messages_to_its_own_dead_letter_queue(declared: Declared, name: str) -> None:
    redrive = declared.queue(f"{name}Queue")["RedrivePolicy"]

    assert redrive["deadLetterTargetArn"] == f"{name}DeadLetterQueue.Arn"


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_keeps_messages_for_as_long_as_sqs_can(declared: Declared, queue: str) -> None:
    assert declared.queue(queue)["MessageRetentionPeriod"] == FOURTEEN_DAYS


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted(declared: Declared, queue: str) -> None:
    assert declared.queue(queue)["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_refuses_plain_http(declared: Declared, queue: str) -> None:
    (policy,) = (
        policy
        for policy in declared.of_type("AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [f"{queue}.Ref"]
    )
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement | {"Sid": ""} == {
        "Sid": "",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": f"{queue}.Arn",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
