import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from local.aws.moto_description import StackDescription
from local.aws.moto_process import Application
from local.aws.moto_server import MotoServer, QueueCounts
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queue:
    """Its methods are SQS's, for this queue."""

    def __init__(self, moto: MotoServer, sqs: "SQSClient", name: str) -> None:
        self._moto = moto
        self._sqs: Any = sqs
        self.name = name
        self.url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "120"})["QueueUrl"]

    def send(self, body: str, **options: Any) -> None:
        self._sqs.send_message(QueueUrl=self.url, MessageBody=body, **options)

    def receive(self, **options: Any) -> list[Any]:
        messages: list[Any] = self._sqs.receive_message(QueueUrl=self.url, **options).get("Messages", [])
        return messages

    def delete(self, message: Any) -> None:
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def change_visibility(self, message: Any, seconds: int) -> None:
        receipt = message["ReceiptHandle"]
        self._sqs.change_message_visibility(
            QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds
        )

    @property
    def counts(self) -> QueueCounts:
        return self._moto.queue_counts()[self.name]


MakeQueue = Callable[[str], Queue]


@pytest.fixture
def make_queue(moto: MotoServer, sqs: "SQSClient", request: pytest.FixtureRequest) -> MakeQueue:
    """Named after the test, with a suffix."""
    return lambda suffix: Queue(moto, sqs, f"{request.node.originalname}{suffix}")


@pytest.fixture
def queue(make_queue: MakeQueue) -> Queue:
    return make_queue("")


def test_nothing_is_lost_or_received_twice_by_many_callers(queue: Queue) -> None:
    received: list[str] = []

    def send(sender: int) -> None:
        for number in range(50):
            queue.send(f"{sender}-{number}")

    def receive(_receiver: int) -> None:
        while len(received) < 200:
            for message in queue.receive(MaxNumberOfMessages=10):
                received.append(message["Body"])
                queue.delete(message)

    with ThreadPoolExecutor(8) as threads:
        work = [threads.submit(send, sender) for sender in range(4)]
        work += [threads.submit(receive, receiver) for receiver in range(4)]
        for task in work:
            task.result(timeout=120)

    assert sorted(received) == sorted(f"{sender}-{number}" for sender in range(4) for number in range(50))
    assert queue.counts.total == 0


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


def test_long_poll_gets_the_message_that_is_sent_while_it_waits(queue: Queue) -> None:
    with ThreadPoolExecutor(1) as threads:
        response = threads.submit(queue.receive, WaitTimeSeconds=20)
        queue.send("hello")
        assert [message["Body"] for message in response.result(timeout=120)] == ["hello"]


def test_messages_are_counted_by_state(queue: Queue, sqs: "SQSClient") -> None:
    for delay in (0, 0, 0, 600, 600):
        queue.send("x", DelaySeconds=delay)
    queue.receive(MaxNumberOfMessages=1)

    attributes = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]

    assert queue.counts == QueueCounts(visible=2, delayed=2, in_flight=1)
    kinds = ("", "Delayed", "NotVisible")
    assert [attributes[f"ApproximateNumberOfMessages{kind}"] for kind in kinds] == ["2", "2", "1"]  # type: ignore[index]


def test_message_comes_back_when_its_visibility_timeout_is_over(queue: Queue) -> None:
    queue.send("x")
    (received,) = queue.receive()
    assert queue.counts.in_flight == 1

    queue.change_visibility(received, 1)

    wait_until(lambda: queue.counts.visible == 1)
    (again,) = queue.receive(MessageSystemAttributeNames=["All"])
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_scaled_visibility_timeouts_are_those_that_a_call_changes(moto: MotoServer, queue: Queue) -> None:
    for body in ("deferred", "being processed"):
        queue.send(body)
    [deferred] = queue.receive()
    queue.receive()
    moto.scale_visibility_timeouts(0.0001)
    try:
        queue.change_visibility(deferred, 3600)
        wait_until(lambda: queue.counts.visible == 1)
    finally:
        moto.scale_visibility_timeouts(1)

    assert queue.counts.in_flight == 1


def test_visibility_timeouts_can_be_ended(moto: MotoServer, queue: Queue) -> None:
    queue.send("x")
    queue.receive()

    moto.end_visibility_timeouts(queue.name)

    assert len(queue.receive()) == 1


def test_looking_at_messages_does_not_receive_them(moto: MotoServer, queue: Queue) -> None:
    code = {"DataType": "String", "StringValue": "InvalidRequest"}
    blob = {"DataType": "Binary", "BinaryValue": b"\x00\x01"}
    queue.send("x", MessageAttributes={"ErrorCode": code, "Blob": blob})

    [message] = moto.messages_of(queue.name)

    assert moto.messages_of(queue.name, start=1) == []
    assert message["Body"] == "x"
    assert message["Attributes"]["ApproximateReceiveCount"] == "0"
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "InvalidRequest"
    assert message["MessageAttributes"]["Blob"]["BinaryValue"] == "AAE="
    assert queue.counts.visible == 1


def test_message_can_be_deleted_by_an_old_receipt_handle_and_twice(queue: Queue) -> None:
    queue.send("x")
    [first] = queue.receive(VisibilityTimeout=0)
    [second] = queue.receive()

    queue.delete(first)
    queue.delete(second)

    assert first["ReceiptHandle"] != second["ReceiptHandle"]
    assert queue.counts.total == 0


def test_receipt_handle_of_another_queue_deletes_nothing(make_queue: MakeQueue, sqs: "SQSClient") -> None:
    queue, other = make_queue("-one"), make_queue("-other")
    queue.send("x")
    [message] = queue.receive()

    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        other.delete(message)

    assert queue.counts.total == 1


def test_queue_that_does_not_exist_has_no_messages_to_look_at(moto: MotoServer) -> None:
    with pytest.raises(ValueError, match="no-such-queue"):
        moto.messages_of("no-such-queue")


def test_port_in_use_is_named(moto: MotoServer, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="in use"):
        MotoServer(tmp_path / "moto.log", port=moto.port).__enter__()
