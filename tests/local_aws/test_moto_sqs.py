import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from local.aws.moto_description import StackDescription
from local.aws.moto_process import Application
from local.aws.moto_server import MotoServer, QueueCounts
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def make_queue(
    sqs: "SQSClient", request: pytest.FixtureRequest, visibility_timeout: int = 120
) -> tuple[str, str]:
    """A queue named after the test: its name and URL."""
    name = request.node.originalname
    attributes = {"VisibilityTimeout": str(visibility_timeout)}
    return name, sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]


def test_nothing_is_lost_or_received_twice_by_many_callers(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    received: list[str] = []

    def send(sender: int) -> None:
        for number in range(50):
            sqs.send_message(QueueUrl=url, MessageBody=f"{sender}-{number}")

    def receive(_receiver: int) -> None:
        while len(received) < 200:
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                received.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    with ThreadPoolExecutor(8) as threads:
        work = [threads.submit(send, sender) for sender in range(4)]
        work += [threads.submit(receive, receiver) for receiver in range(4)]
        for task in work:
            task.result(timeout=120)

    assert sorted(received) == sorted(f"{sender}-{number}" for sender in range(4) for number in range(50))
    assert moto.queue_counts()[name].total == 0


def test_moto_is_called_by_one_caller_at_a_time() -> None:
    inside = 0
    most = 0

    @Request.application
    def moto(_request: Request) -> Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        # Time for another call to get in, should it be let.
        threading.Event().wait(0.1)
        inside -= 1
        return Response()

    application = Application(moto, threading.Condition(), StackDescription())
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: Client(application).get("/"), range(4)))

    assert most == 1


def test_a_long_poll_gets_the_message_that_is_sent_while_it_waits(
    sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    _, url = make_queue(sqs, request)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=20)

        sqs.send_message(QueueUrl=url, MessageBody="hello")

        assert [message["Body"] for message in answer.result(timeout=120)["Messages"]] == ["hello"]


def test_messages_are_counted_by_what_keeps_them(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    for delay in (0, 0, 0, 600, 600):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)

    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert moto.queue_counts()[name] == QueueCounts(visible=2, delayed=2, in_flight=1)
    assert attributes["ApproximateNumberOfMessages"] == "2"
    assert attributes["ApproximateNumberOfMessagesDelayed"] == "2"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_message_comes_back_when_its_visibility_timeout_is_over(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (received,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert moto.queue_counts()[name].in_flight == 1

    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=received["ReceiptHandle"], VisibilityTimeout=1)

    wait_until(lambda: moto.queue_counts()[name].visible == 1)

    again = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert again[0]["Attributes"]["ApproximateReceiveCount"] == "2"


def test_scaled_visibility_timeouts_are_those_that_a_call_changes(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    for body in ("deferred", "being processed"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    [deferred] = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.receive_message(QueueUrl=url)
    moto.scale_visibility_timeouts(0.0001)
    try:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=deferred["ReceiptHandle"], VisibilityTimeout=3600
        )
        wait_until(lambda: moto.queue_counts()[name].visible == 1)
    finally:
        moto.scale_visibility_timeouts(1)

    assert moto.queue_counts()[name].in_flight == 1


def test_visibility_timeouts_can_be_ended(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)

    moto.end_visibility_timeouts(name)

    assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1


def test_looking_at_messages_does_not_receive_them(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    sqs.send_message(
        QueueUrl=url,
        MessageBody="x",
        MessageAttributes={
            "ErrorCode": {"DataType": "String", "StringValue": "InvalidRequest"},
            "Blob": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )

    [message] = moto.messages_of(name)

    assert moto.messages_of(name, start=1) == []
    assert message["Body"] == "x"
    assert message["Attributes"]["ApproximateReceiveCount"] == "0"
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidRequest"
    assert message["MessageAttributes"]["Blob"]["BinaryValue"] == "AAE="
    assert moto.queue_counts()[name].visible == 1


def test_a_message_can_be_deleted_by_an_old_receipt_handle_and_twice(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [first] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    [second] = sqs.receive_message(QueueUrl=url)["Messages"]

    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"])

    assert first["ReceiptHandle"] != second["ReceiptHandle"]
    assert moto.queue_counts()[name].total == 0


def test_a_receipt_handle_of_another_queue_deletes_nothing(
    moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest
) -> None:
    name, url = make_queue(sqs, request)
    other = sqs.create_queue(QueueName=f"{name}-other")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]

    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=other, ReceiptHandle=message["ReceiptHandle"])

    assert moto.queue_counts()[name].total == 1


def test_a_queue_that_does_not_exist_has_no_messages_to_look_at(moto: MotoServer) -> None:
    with pytest.raises(ValueError, match="no-such-queue"):
        moto.messages_of("no-such-queue")


def test_a_port_that_is_taken_is_told(moto: MotoServer, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="in use"):
        MotoServer(tmp_path / "moto.log", port=moto.port).__enter__()
