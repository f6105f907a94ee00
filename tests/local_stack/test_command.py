"""`make stack` as a person uses it: what it prints, and the printed commands, run with bash."""

import json
import re
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.stack.guide import EVENTS
from tests.support.processes import descendants, running
from tests.support.stack_process import StackProcess, stack_process

# Every address of 127.0.0.0/8 is one of a Linux machine's; elsewhere only the first is.
OTHER_ADDRESS = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CONTACTS = len(json.loads((EVENTS / "contacts.json").read_text()))

pytestmark = pytest.mark.xdist_group("stack_process")  # on one worker, so that it is started once


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    options = ("--time-scale", "0.02", "--logs", "--host", OTHER_ADDRESS)
    with stack_process(tmp_path_factory.mktemp("home"), *options) as stack:
        stack.wait_until_ready()
        yield stack


def test_printed_message_is_accepted_and_ends_in_the_printed_queue_of_outcomes(stack: StackProcess) -> None:
    message_id = json.loads(stack.run("Send a message"))["MessageId"]

    subject = f"bulk_delete, message {message_id}"
    accepted = stack.line_that_says(subject)
    completed = stack.line_that_says(subject)

    # Replayed after another test sent the same.
    assert re.fullmatch(rf"[\d:]{{8}}  (accepted|replayed)   {subject}, 1 contact", accepted)
    assert re.fullmatch(rf"[\d:]{{8}}  completed  {subject}, 1 contact", completed)
    # Each event is read once; those of other tests may come first.
    while (event := json.loads(stack.run("Read its outcome event")))["detail"]["message_id"] != message_id:
        pass
    assert event["detail-type"] == "Contact Deletion Completed"
    assert json.loads(stack.run("See how many contacts are left"))["contact_count"] < CONTACTS


def test_rejected_message_is_shown_with_its_code_and_without_its_content(stack: StackProcess) -> None:
    message_id = send(stack, {"contact_ids": ["ada@example.com"]})

    line = stack.line_that_says(" rejected ", message_id)

    assert "InvalidRequest: contact_ids[0] " in line
    assert "ada@example.com" not in line


def test_deferred_message_is_shown_with_its_code(stack: StackProcess) -> None:
    [control] = re.findall(r"^SendGrid +(http://[\d.:]+),", stack.guide, re.MULTILINE)
    fault = json.dumps({"method": "DELETE", "status": 503}).encode()
    with urllib.request.urlopen(f"{control}/_double/faults", fault):  # noqa: S310 - http
        message_id = send(stack, {"contact_ids": ["00000000-0000-4000-8000-00000000000b"]})

    assert "SendGridUnavailable: " in stack.line_that_says(" deferred ", message_id)


def test_printed_workflow_succeeds_each_time(stack: StackProcess) -> None:
    for _ in range(2):
        execution = json.loads(stack.run("Start a workflow"))["executionArn"].rpartition(":")[2]

        stack.line_that_says(" succeeded  RemoveContactIdentifier", f"execution {execution}")


def test_printed_invocation_is_answered_with_a_job(stack: StackProcess) -> None:
    response = re.search(r"^{.*job_ids.*}", stack.run("Invoke a function"), re.MULTILINE)

    assert response
    # The CLI's own output follows without a line break.
    body, _ = json.JSONDecoder().raw_decode(response[0])
    assert (body["status"], body["contact_count"]) == ("accepted", 2)


def test_every_printed_queue_is_there(stack: StackProcess) -> None:
    printed = set(re.findall(r"^\w+Queue +(http\S+)$", stack.guide, re.MULTILINE))

    assert len(printed) == 4
    assert printed < set(sqs_of(stack).list_queues()["QueueUrls"])


@pytest.mark.allow_hosts(["127.0.0.1", OTHER_ADDRESS])
def test_containers_reach_it_at_another_address_with_the_printed_variables(stack: StackProcess) -> None:
    option, path = stack.printed("`sam local invoke` needs").split()
    variables = json.loads(Path(path).read_text())["Parameters"]

    assert option == "--env-vars"
    reached = {
        name: value.replace("host.docker.internal", OTHER_ADDRESS) for name, value in variables.items()
    }
    sqs = boto3.client("sqs", endpoint_url=reached["AWS_ENDPOINT_URL"])
    assert reached["DELETION_STATUS_QUEUE_URL"] in sqs.list_queues()["QueueUrls"]
    with urllib.request.urlopen(f"{reached['SENDGRID_BASE_URL']}/_double/requests") as response:  # noqa: S310 - http
        assert response.status == 200
    assert f"127.0.0.1 and {OTHER_ADDRESS}" in stack.guide or OTHER_ADDRESS == "127.0.0.1"


def test_logs_of_the_functions_are_shown_on_request(stack: StackProcess) -> None:
    message_id = json.loads(stack.run("Send a message"))["MessageId"]

    line = stack.line_that_says("BulkDeleteFunction  {", message_id)

    assert json.loads(line.partition("  ")[2])["message"] == "request accepted"


def test_ctrl_c_ends_it_with_all_that_it_started_and_wrote(tmp_path: Path) -> None:
    with stack_process(tmp_path, "--host", "127.0.0.1") as stack:
        stack.wait_until_ready()
        message_id = json.loads(stack.run("Send a message"))["MessageId"]
        # It does not print what the functions log.
        line = stack.next_line()
        started = descendants(stack.pid)
        environment_file = Path(stack.printed("`sam local invoke` needs").split()[1])

        assert stack.end(signal.SIGINT) == (0, "")

    assert f" accepted   bulk_delete, message {message_id}" in line
    assert len(started) >= 2  # moto and a function
    assert not environment_file.exists()
    while started & running():
        pass


def test_ctrl_c_while_it_starts_ends_it_without_a_traceback(tmp_path: Path) -> None:
    with stack_process(tmp_path, "--host", "127.0.0.1") as stack:
        while not (started := descendants(stack.pid)):
            assert stack.pid in running()

        assert stack.end(signal.SIGINT) == (0, "")

    while started & running():
        pass


def sqs_of(stack: StackProcess) -> "SQSClient":
    endpoint = re.findall(r"AWS_ENDPOINT_URL=(\S+)", stack.guide)[0]
    client: SQSClient = boto3.client("sqs", endpoint_url=endpoint)
    return client


def send(stack: StackProcess, request: Any) -> str:
    """Into the bulk deletion's queue; returns the message's id."""
    sqs = sqs_of(stack)
    queue_url = sqs.get_queue_url(QueueName="BulkDeleteQueue")["QueueUrl"]
    return sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(request))["MessageId"]
