import json
from collections.abc import Mapping
from typing import Any

import pytest

from contact_deletion.errors import SendGridUnavailable
from contact_deletion.requests.bulk_deletion import MAX_CONTACT_IDS
from contact_deletion.responses.backoff import LEAST_JITTER, visibility_timeout
from contact_deletion.sendgrid.polling import GIVE_UP_SECONDS
from local.aws.template import TEMPLATE, load_template
from tests.template.conftest import Declared
from tests.template.names import QUEUE_FUNCTIONS, QUEUES

FOURTEEN_DAYS = 14 * 24 * 3600
LONGEST_OUTAGE_SECONDS = 12 * 3600


def test_there_are_a_queue_and_a_dead_letter_queue_for_each_function(declared: Declared) -> None:
    assert sorted(declared.of_type("AWS::SQS::Queue")) == sorted(QUEUES)


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_visibility_timeout_outlasts_six_runs_and_the_window(source: Mapping[str, Any], name: str) -> None:
    longest = {"BatchingWindowSeconds": source["Parameters"]["BatchingWindowSeconds"]["MaxValue"]}
    declared = Declared(load_template(TEMPLATE, longest))
    window = declared.event_source(name).get("MaximumBatchingWindowInSeconds", 0)

    visibility = declared.queue(f"{name}Queue")["VisibilityTimeout"]

    assert visibility >= 6 * declared.function(name)["Timeout"] + window


def test_delete_all_whose_function_died_returns_too_old(
    declared: Declared, source: Mapping[str, Any]
) -> None:
    """With a minute to spare for clocks that differ."""
    oldest_allowed = source["Parameters"]["DeleteAllMaxAgeSeconds"]["MaxValue"]

    assert declared.queue("DeleteAllQueue")["VisibilityTimeout"] >= oldest_allowed + 60


def test_a_job_is_first_asked_about_when_it_may_have_started(declared: Declared) -> None:
    """SendGrid was seen to start a job about half a minute after it had accepted the deletion."""
    assert declared.queue("DeletionStatusQueue")["DelaySeconds"] == 30


def test_job_is_tracked_until_it_is_given_up_and_through_an_outage(declared: Declared) -> None:
    receives = declared.queue("DeletionStatusQueue")["RedrivePolicy"]["maxReceiveCount"]

    shortest = sum(
        visibility_timeout(SendGridUnavailable("later"), count, LEAST_JITTER) for count in range(1, receives)
    )

    assert shortest > GIVE_UP_SECONDS + LONGEST_OUTAGE_SECONDS


@pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
def test_a_queue_gives_up_messages_to_its_own_dead_letter_queue(declared: Declared, name: str) -> None:
    redrive = declared.queue(f"{name}Queue")["RedrivePolicy"]

    assert redrive["deadLetterTargetArn"] == f"{name}DeadLetterQueue.Arn"


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_takes_the_largest_request_encrypted_for_14_days(declared: Declared, queue: str) -> None:
    """The 256 KiB that a queue takes otherwise have no room for 10,000 IDs."""
    largest = {"contact_ids": ["e7af8e1a-9589-49de-9d43-17287789f769"] * MAX_CONTACT_IDS}
    properties = declared.queue(queue)

    assert 256 * 1024 < len(json.dumps(largest)) < properties["MaximumMessageSize"] == 1024 * 1024
    assert properties["MessageRetentionPeriod"] == FOURTEEN_DAYS
    assert properties["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_refuses_plain_http(declared: Declared, queue: str) -> None:
    (policy,) = (
        policy
        for policy in declared.of_type("AWS::SQS::QueuePolicy").values()
        if policy["Queues"] == [f"{queue}.Ref"]
    )
    (statement,) = policy["PolicyDocument"]["Statement"]

    everything = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": f"{queue}.Arn"}
    over_http = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert statement == everything | over_http | {"Sid": statement["Sid"]}
