"""The smoke test against the embedded stack, healthy and not."""

import os
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local.aws.names import REGION, STACK_NAME
from local.smoke.deployed_stack import DeployedStack
from local.smoke.executions import Executions
from local.smoke.payloads import Execution, Payloads
from local.smoke.report import Report, State
from local.waiting import wait_until
from tests.smoke.conftest import QUICK, Smoke, new_session
from tests.support.deployment import ALARM_TOPIC_ARN

ROOT = Path(__file__).parents[2]


def session_that_gets(event: str, status: int, response: dict[str, Any]) -> boto3.Session:
    """Whose call gets this response, and does not reach AWS."""

    def respond(**_: Any) -> Any:
        return SimpleNamespace(status_code=status), response

    session = new_session()
    session.events.register(event, respond)
    return session


def test_healthy_stack_passes_every_check_with_one_deletion_after_the_look_up(smoke: Smoke) -> None:
    contact_ids = smoke.double.account.contact_ids()
    payloads = Payloads.random()

    assert smoke.run(payloads=payloads)

    assert smoke.in_state(State.PASSED) == smoke.checks.keys()
    assert smoke.double.account.contact_ids() == contact_ids
    smoke.assert_nothing_is_left()
    calls = [(call.method, call.target) for call in smoke.double.requests]
    look_up = ("GET", f"/v3/marketing/contacts/{payloads.contact_id}")
    deletion = ("DELETE", f"/v3/marketing/contacts?ids={payloads.contact_id}")
    assert calls.index(look_up) < calls.index(deletion)
    assert [target for method, target in calls if method == "DELETE"] == [deletion[1]]
    assert not [target for method, target in calls if method == "POST" and "exports" in target]


def test_contact_that_has_the_random_id_is_left_alone(smoke: Smoke) -> None:
    contact_id = smoke.double.account.add_contact(external_id="unlucky")

    assert not smoke.run(payloads=replace(Payloads.random(), contact_id=contact_id))

    assert contact_id in smoke.double.account.contact_ids()
    assert smoke.in_state(State.FAILED) == {"IdentifierCheckFunction: unknown contact"}
    assert smoke.in_state(State.SKIPPED) == {
        "RemoveIdentifierQueue: unknown contact",
        "BulkDeleteQueue: unknown contact",
        "RemoveContactIdentifier: unknown contact",
    }


def test_dead_letters_of_others_stay_and_can_be_received(smoke: Smoke) -> None:
    queue = "BulkDeleteDeadLetterQueue"
    sent = set(smoke.stack.send(queue, [f"of others {number}" for number in range(12)]))

    assert smoke.run()

    assert {message["MessageId"] for message in smoke.stack.messages_of(queue)} == sent
    assert smoke.stack.queue_counts()[queue].visible == len(sent)


def test_wrong_key_is_explained_and_nothing_is_sent_in_vain(smoke: Smoke) -> None:
    smoke.double.api_keys = {"SG.another"}

    assert not smoke.run()

    assert smoke.in_state(State.FAILED) == {
        "ContactCountFunction: API key accepted",
        "IdentifierCheckFunction: unknown contact",
        "ExportStatusFunction: unknown export",
        "DeletionStatusFunction: unknown job",
    }
    for name in smoke.in_state(State.FAILED):
        assert smoke.checks[name].detail.startswith("SendGridUnauthorized: ")
        assert "Put a key into the secret" in smoke.checks[name].advice
    assert smoke.checks["BulkDeleteQueue: unknown contact"].state is State.SKIPPED
    smoke.assert_nothing_is_left()


def test_unsubscribed_alarm_topic_fails(smoke: Smoke) -> None:
    (subscription,) = smoke.stack.sns.list_subscriptions_by_topic(TopicArn=ALARM_TOPIC_ARN)["Subscriptions"]
    smoke.stack.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])

    assert not smoke.run()

    (failed,) = smoke.in_state(State.FAILED)
    assert smoke.checks[failed].detail == "the alarm topic has no subscription"


def test_paused_queue_fails_and_gets_no_message(smoke: Smoke) -> None:
    smoke.stack.event_source_mappings["BulkDeleteQueue"].disable()

    assert not smoke.run()

    assert smoke.in_state(State.FAILED) == {"BulkDeleteQueue: has a consumer"}
    assert "Pausing" in smoke.checks["BulkDeleteQueue: has a consumer"].advice
    assert smoke.in_state(State.SKIPPED) == {
        "BulkDeleteQueue: invalid message",
        "BulkDeleteQueue: unknown contact",
    }
    assert smoke.stack.queue_counts()["BulkDeleteQueue"].total == 0


@pytest.mark.parametrize("published", ["failures", "none"])
def test_without_all_events_rejections_are_seen(smoke: Smoke, published: str) -> None:
    def change_the_parameter(parsed: dict[str, Any], **_: Any) -> None:
        for parameter in parsed["Stacks"][0]["Parameters"]:
            if parameter["ParameterKey"] == "OutcomeEvents":
                parameter["ParameterValue"] = published

    smoke.session.events.register("after-call.cloudformation.DescribeStacks", change_the_parameter)

    assert smoke.run()

    listening = {"Event bus: temporary rule and queue"} if published == "none" else set()
    assert smoke.in_state(State.SKIPPED) == {"BulkDeleteQueue: unknown contact", *listening}
    smoke.assert_nothing_is_left()


def test_event_bus_that_cannot_be_seen_fails_alone(smoke: Smoke) -> None:
    """Its rule gets no event: a policy of the organization, say."""
    smoke.session = session_that_gets("before-call.eventbridge.PutEvents", 200, {"FailedEntryCount": 0})

    assert not smoke.run(waits=replace(QUICK, listener=0.2))

    (failed,) = smoke.in_state(State.FAILED)
    assert smoke.checks[failed].detail == "its own event did not arrive"
    assert smoke.in_state(State.SKIPPED) == {"BulkDeleteQueue: unknown contact"}
    smoke.assert_nothing_is_left()


def test_cleanup_that_fails_names_what_is_left(smoke: Smoke) -> None:
    denied = {"Error": {"Code": "AccessDenied", "Message": ""}, "ResponseMetadata": {}}
    smoke.session = session_that_gets("before-call.sqs.DeleteQueue", 403, denied)

    assert not smoke.run()

    assert smoke.in_state(State.FAILED) == {"Cleanup"}
    (left,) = smoke.temporary_queues()
    assert left in smoke.checks["Cleanup"].advice
    assert not smoke.stack.events.list_rules(NamePrefix="smoke-test")["Rules"]
    smoke.stack.sqs.delete_queue(QueueUrl=smoke.stack.sqs.get_queue_url(QueueName=left)["QueueUrl"])


def test_unknown_stack_ends_the_run_at_once(smoke: Smoke) -> None:
    assert not smoke.run(stack_name="another")

    assert smoke.checks["Stack: in service"].detail == f"there is no stack another in {REGION}"
    assert len(smoke.in_state(State.SKIPPED)) == len(smoke.checks) - 1


def test_job_that_does_not_end_fails_with_what_to_look_for(smoke: Smoke) -> None:
    smoke.double.settings.change(job_delay=3600)

    assert not smoke.run(waits=replace(QUICK, job=0.2))

    (failed,) = smoke.in_state(State.FAILED)
    assert failed == "BulkDeleteQueue: unknown contact"
    assert "nothing has come" in smoke.checks[failed].detail
    assert "request_id" in smoke.checks[failed].advice
    smoke.assert_nothing_is_left()


def test_execution_that_goes_on_is_stopped_at_the_end(smoke: Smoke) -> None:
    smoke.double.settings.change(export_delay=3600)
    stack = DeployedStack(smoke.session.client("cloudformation"), STACK_NAME)
    name = f"smoke-test-{uuid.uuid4().hex}"
    executions = Executions(smoke.session.client("stepfunctions"), stack, name)
    endless = {"confirm": "Delete All Contacts", "max_contacts": 10}
    check = Report(lambda _: None).add("endless")
    executions.start(check, Execution("", "BackupThenDeleteAll", endless, expected_error="Done"))
    arn = f"{stack.output('BackupThenDeleteAllStateMachineArn')}:{name}".replace(
        ":stateMachine:", ":execution:"
    )
    wait_until(lambda: smoke.stack.states_of(arn), smoke.stack.progress)

    executions.stop()

    assert smoke.stack.wait_for_execution(arn).status == "ABORTED"
    executions.collect()
    assert check.state is State.FAILED


# What is started in the background of a shell ignores SIGINT, and so would its children.
INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("local.smoke", run_name="__main__")
"""


def test_interrupted_run_removes_what_it_made(smoke: Smoke) -> None:
    smoke.double.settings.change(job_delay=3600)
    process = subprocess.Popen(  # noqa: S603 - own module
        [sys.executable, "-c", INTERRUPTIBLE, "--stack", STACK_NAME, "--region", REGION],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: smoke.double.account.jobs() or process.poll() is not None, smoke.stack.progress)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate()

    assert process.returncode == 1
    assert "Interrupted" in printed
    smoke.assert_nothing_temporary_is_left()
    # The next test begins when all but the job is done.
    wait_until(lambda: smoke.waiting_messages() == 1, smoke.stack.progress)
