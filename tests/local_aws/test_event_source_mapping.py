import json
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from local.aws.event_source_mapping import EventSourceMapping, MappingConfiguration
from local.aws.execution_environment import FunctionError
from local.aws.moto_server import MotoServer, QueueCounts
from local.waiting import wait_until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

LONG_WINDOW_SECONDS = 3600  # no test waits for its end


class QueueUnderTest:
    """A queue with a dead-letter queue, after two receives, and the mapping from it to a function."""

    def __init__(self, moto: MotoServer, sqs: "SQSClient", mappings: list[EventSourceMapping]) -> None:
        self.moto = moto
        self.sqs = sqs
        self.name = str(uuid.uuid4())
        self.dead_letter_queue_name = f"{self.name}-dead"
        self._mappings = mappings
        dead_letter_url = sqs.create_queue(QueueName=self.dead_letter_queue_name)["QueueUrl"]
        redrive_policy = {"deadLetterTargetArn": self._arn(dead_letter_url), "maxReceiveCount": 2}
        self.url = sqs.create_queue(
            QueueName=self.name,
            Attributes={"VisibilityTimeout": "600", "RedrivePolicy": json.dumps(redrive_policy)},
        )["QueueUrl"]
        self.arn = self._arn(self.url)

    def _arn(self, url: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def map_to(self, function: Callable[[Any], Any], **properties: Any) -> EventSourceMapping:
        properties = {"report_batch_item_failures": True, **properties}
        configuration = MappingConfiguration(
            queue_url=self.url, queue_arn=self.arn, function_name="Function", **properties
        )
        mapping = EventSourceMapping(configuration, self.sqs, function)
        self._mappings.append(mapping)
        return mapping

    @property
    def counts(self) -> QueueCounts:
        return self.moto.queue_counts()[self.name]

    @property
    def is_empty(self) -> bool:
        return self.counts.total == 0

    @property
    def dead_letters(self) -> list[str]:
        return [message["Body"] for message in self.moto.messages_of(self.dead_letter_queue_name)]


class RecordingFunction:
    """Writes down the batches it gets and lets `failing` messages fail."""

    def __init__(self, failing: Callable[[str], bool] = lambda _body: False) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._failing = failing

    def __call__(self, event: Any) -> Any:
        self.batches.append(event["Records"])
        return {
            "batchItemFailures": [
                {"itemIdentifier": record["messageId"]}
                for record in event["Records"]
                if self._failing(record["body"])
            ]
        }

    @property
    def batch_sizes(self) -> list[int]:
        return sorted(len(batch) for batch in self.batches)

    @property
    def bodies(self) -> list[str]:
        return sorted(record["body"] for batch in self.batches for record in batch)


@pytest.fixture(scope="module")
def mappings() -> Iterator[list[EventSourceMapping]]:
    """All of them; each takes up to a second to stop, so they are waited for together."""
    mappings: list[EventSourceMapping] = []
    yield mappings
    for mapping in mappings:
        mapping.stop()


@pytest.fixture
def queue(moto: MotoServer, sqs: "SQSClient", mappings: list[EventSourceMapping]) -> Iterator[QueueUnderTest]:
    queue = QueueUnderTest(moto, sqs, mappings)
    yield queue
    for mapping in mappings:
        mapping.stop_gathering()


def numbered(count: int) -> list[str]:
    return [f"{number:04}" for number in range(count)]


def test_the_template_s_properties_are_taken_over() -> None:
    properties = {
        "BatchSize": "1000",
        "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:Orders",
        "FunctionName": "OrderFunction",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": 5,
        "ScalingConfig": {"MaximumConcurrency": 2},
    }

    configuration = MappingConfiguration.of_properties(properties, "http://127.0.0.1/Orders")

    assert configuration == MappingConfiguration(
        queue_url="http://127.0.0.1/Orders",
        queue_arn="arn:aws:sqs:us-east-1:123456789012:Orders",
        function_name="OrderFunction",
        batch_size=1000,
        batching_window_seconds=5,
        maximum_concurrency=2,
        report_batch_item_failures=True,
    )


def test_a_property_that_would_have_no_effect_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="FilterCriteria"):
        MappingConfiguration.of_properties({"EventSourceArn": "arn", "FilterCriteria": {}}, "url")


def test_each_message_is_handed_over_once_and_deleted(queue: QueueUnderTest) -> None:
    function = RecordingFunction()
    queue.send(*numbered(25))

    queue.map_to(function, batch_size=10)

    wait_until(lambda: queue.is_empty)
    assert function.bodies == numbered(25)
    assert function.batch_sizes == [5, 10, 10]


def test_a_record_has_the_form_that_lambda_gives_it(queue: QueueUnderTest) -> None:
    function = RecordingFunction()
    sent = queue.sqs.send_message(
        QueueUrl=queue.url,
        MessageBody='{"contact_ids": []}',
        MessageAttributes={
            "Origin": {"DataType": "String", "StringValue": "test"},
            "Blob": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )

    queue.map_to(function)

    wait_until(lambda: queue.is_empty)
    [[record]] = function.batches
    assert record.pop("receiptHandle")
    attributes = record.pop("attributes")
    assert attributes["ApproximateReceiveCount"] == "1"
    assert attributes["SentTimestamp"].isdigit()
    assert attributes["ApproximateFirstReceiveTimestamp"].isdigit()
    no_lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    assert record == {
        "messageId": sent["MessageId"],
        "body": '{"contact_ids": []}',
        "md5OfBody": sent["MD5OfMessageBody"],
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "messageAttributes": {
            "Origin": {"stringValue": "test", "dataType": "String"} | no_lists,
            "Blob": {"binaryValue": "AAE=", "dataType": "Binary"} | no_lists,
        },
        "eventSource": "aws:sqs",
        "eventSourceARN": queue.arn,
        "awsRegion": "us-east-1",
    }


def test_a_batch_goes_out_as_soon_as_it_is_full(queue: QueueUnderTest) -> None:
    function = RecordingFunction()
    queue.map_to(function, batch_size=30, batching_window_seconds=LONG_WINDOW_SECONDS)

    queue.send(*numbered(12))
    wait_until(lambda: queue.counts == QueueCounts(visible=0, delayed=0, in_flight=12))
    assert function.batches == []
    queue.send(*numbered(18))

    wait_until(lambda: queue.is_empty)
    assert function.batch_sizes == [30]


def test_a_batch_that_is_not_full_goes_out_when_its_window_is_over(queue: QueueUnderTest) -> None:
    function = RecordingFunction()
    queue.send(*numbered(15))

    queue.map_to(function, batch_size=1000, batching_window_seconds=1)

    wait_until(lambda: queue.is_empty)
    assert function.batch_sizes == [15]


def test_a_batch_is_never_larger_than_lambda_s_payload(queue: QueueUnderTest) -> None:
    function = RecordingFunction()
    queue.send(*["x" * 900_000] * 8)

    queue.map_to(function, batch_size=100, batching_window_seconds=1)

    wait_until(lambda: queue.is_empty)
    assert len(function.bodies) == 8
    assert max(len(json.dumps({"Records": batch})) for batch in function.batches) <= 6 * 1024 * 1024
    assert function.batch_sizes == [2, 6]


def test_failed_message_comes_back_alone_until_it_is_a_dead_letter(
    queue: QueueUnderTest,
) -> None:
    function = RecordingFunction(failing=lambda body: body == "0001")
    queue.send(*numbered(3))
    queue.map_to(function)

    for received in (1, 2):
        wait_until(lambda received=received: function.bodies.count("0001") == received)  # type: ignore[misc]
        wait_until(lambda: queue.counts == QueueCounts(visible=0, delayed=0, in_flight=1))
        queue.moto.end_visibility_timeouts(queue.name)

    wait_until(lambda: queue.is_empty)
    assert queue.dead_letters == ["0001"]
    [again] = function.batches[-1]
    assert (again["body"], again["attributes"]["ApproximateReceiveCount"]) == ("0001", "2")
    assert function.bodies.count("0001") == 2


def fails(_event: Any) -> Any:
    raise FunctionError({"errorType": "ValueError", "errorMessage": "x"})


def answers_nonsense(_event: Any) -> Any:
    return {"batchItemFailures": [{"itemIdentifier": ""}]}


@pytest.mark.parametrize("function", [fails, answers_nonsense])
def test_whole_batch_stays_when_the_function_fails_or_returns_nonsense(
    queue: QueueUnderTest, function: Callable[[Any], Any]
) -> None:
    answered = threading.Event()

    def observed(event: Any) -> Any:
        answered.set()
        return function(event)

    queue.send(*numbered(3))
    mapping = queue.map_to(observed, batch_size=3, batching_window_seconds=LONG_WINDOW_SECONDS)
    wait_until(answered.is_set)
    mapping.stop()

    assert queue.counts == QueueCounts(visible=0, delayed=0, in_flight=3)


def test_without_partial_batch_responses_the_answer_does_not_matter(queue: QueueUnderTest) -> None:
    function = RecordingFunction(failing=lambda _body: True)
    queue.send(*numbered(3))

    queue.map_to(function, report_batch_item_failures=False)

    wait_until(lambda: queue.is_empty)
    assert function.bodies == numbered(3)


def test_messages_beyond_the_maximum_concurrency_stay_visible(queue: QueueUnderTest) -> None:
    two_are_running = threading.Barrier(3)
    release = threading.Event()

    def function(_event: Any) -> None:
        if not release.is_set():
            two_are_running.wait(timeout=120)
        release.wait(120)

    queue.send(*numbered(5))
    mapping = queue.map_to(function, batch_size=1, maximum_concurrency=2)
    two_are_running.wait(timeout=120)
    # Time for a third invocation to show itself, should there be one.
    threading.Event().wait(0.1)

    assert queue.counts == QueueCounts(visible=3, delayed=0, in_flight=2)

    release.set()
    wait_until(lambda: queue.is_empty)
    mapping.check()


def test_a_disabled_mapping_is_idle_when_its_last_batch_has_been_processed(queue: QueueUnderTest) -> None:
    is_running, release = threading.Event(), threading.Event()

    def function(_event: Any) -> None:
        is_running.set()
        release.wait(120)

    queue.send("1")
    mapping = queue.map_to(function)
    is_running.wait(120)
    mapping.disable()
    waiting = threading.Thread(target=mapping.wait_until_idle)
    waiting.start()
    # Time for it to return too early, should it do so.
    waiting.join(0.1)
    assert waiting.is_alive()

    release.set()
    waiting.join(120)

    assert not waiting.is_alive()
    assert queue.is_empty


def test_a_disabled_mapping_leaves_messages_alone_until_it_is_enabled(queue: QueueUnderTest) -> None:
    function = RecordingFunction()
    mapping = queue.map_to(function)

    mapping.disable()
    queue.send(*numbered(3))
    assert queue.counts.visible == 3
    mapping.enable()

    wait_until(lambda: queue.is_empty)
    assert function.batch_sizes == [3]


def test_stopping_waits_for_running_invocations(queue: QueueUnderTest) -> None:
    running = threading.Event()
    release = threading.Event()

    def function(_event: Any) -> None:
        running.set()
        release.wait(120)

    queue.send("x")
    mapping = queue.map_to(function)
    wait_until(running.is_set)
    threading.Timer(0.2, release.set).start()

    mapping.stop()

    assert queue.is_empty


def test_error_that_ends_the_polling_is_raised(queue: QueueUnderTest) -> None:
    mapping = queue.map_to(RecordingFunction())
    mapping.check()

    queue.sqs.delete_queue(QueueUrl=queue.url)

    def reported() -> bool:
        try:
            mapping.check()
        except queue.sqs.exceptions.QueueDoesNotExist:
            return True
        return False

    wait_until(reported)
