"""Lambda's event source mapping for SQS: receives batches, invokes the function, deletes what succeeded."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from local.aws.execution_environment import FunctionError
from local.aws.names import function_name
from local.aws.partial_batch_response import failed_messages
from local.aws.sqs_event import record

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Record = dict[str, Any]

_MESSAGES_PER_CALL = 10  # of ReceiveMessage and DeleteMessageBatch
_LONG_POLL_SECONDS = 1  # also how long `stop` may take to be noticed
_POLL_INTERVAL_SECONDS = 0.1  # where the time left is shorter than a long poll can be
_PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
_PROPERTIES = {
    "BatchSize",
    "EventSourceArn",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "ScalingConfig",
}


@dataclass(frozen=True)
class MappingConfiguration:
    """What an AWS::Lambda::EventSourceMapping says, with Lambda's defaults."""

    queue_url: str
    queue_arn: str
    function_name: str
    batch_size: int = 10
    batching_window_seconds: float = 0
    # Without a limit Lambda starts with five batches at once, and goes up to a thousand.
    maximum_concurrency: int = 5
    report_batch_item_failures: bool = False

    @classmethod
    def of_properties(cls, properties: Mapping[str, Any], queue_url: str) -> Self:
        """From the template's properties, resolved. Raises ValueError naming one that has no effect here."""
        if unknown := properties.keys() - _PROPERTIES:
            raise ValueError(f"event source mappings have no {', '.join(sorted(unknown))} here")
        scaling = properties.get("ScalingConfig", {})
        return cls(
            queue_url=queue_url,
            queue_arn=properties["EventSourceArn"],
            function_name=function_name(properties["FunctionName"]),
            batch_size=int(properties.get("BatchSize", cls.batch_size)),
            batching_window_seconds=float(
                properties.get("MaximumBatchingWindowInSeconds", cls.batching_window_seconds)
            ),
            maximum_concurrency=int(scaling.get("MaximumConcurrency", cls.maximum_concurrency)),
            report_batch_item_failures="ReportBatchItemFailures"
            in properties.get("FunctionResponseTypes", []),
        )


class EventSourceMapping:
    """Starts at once. One batch is gathered at a time, and only while an invocation may start with it.

    `invoke` is given the event; it returns the function's result or raises FunctionError.
    """

    def __init__(
        self, configuration: MappingConfiguration, sqs: "SQSClient", invoke: Callable[[Any], Any]
    ) -> None:
        self.configuration = configuration
        self.uuid = str(uuid.uuid4())
        self._sqs = sqs
        self._invoke = invoke
        self._stopping = threading.Event()
        self._enabled = threading.Event()
        self._enabled.set()
        self._slots = threading.Semaphore(configuration.maximum_concurrency)
        self._invocations = ThreadPoolExecutor(configuration.maximum_concurrency)
        self._gathering = threading.Lock()
        self._left_over: list[Record] = []
        self._error: BaseException | None = None
        self._poller = threading.Thread(target=self._keeping_error(self._poll), daemon=True)
        self._poller.start()

    @property
    def enabled(self) -> bool:
        return self._enabled.is_set()

    def disable(self) -> None:
        """Returns when no batch is being gathered any more; what was gathered is still sent."""
        self._enabled.clear()
        with self._gathering:
            pass

    def wait_until_idle(self) -> None:
        """Of a disabled mapping: returns when what was gathered has been processed."""
        for _ in range(self.configuration.maximum_concurrency):
            self._slots.acquire()
        self._slots.release(self.configuration.maximum_concurrency)

    def enable(self) -> None:
        self._enabled.set()

    def stop(self) -> None:
        """Gathers nothing more and waits for the running invocations to end."""
        self.stop_gathering()
        self._poller.join()
        self._invocations.shutdown()

    def stop_gathering(self) -> None:
        """The part of `stop` that does not wait."""
        self._stopping.set()
        self._enabled.set()

    def check(self) -> None:
        """Raises what ended this mapping's work, if anything did; only a fault of the stack itself can."""
        if self._error:
            raise self._error

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._enabled.wait()
            self._slots.acquire()
            with self._gathering:
                batch = self._gather() if self._enabled.is_set() else []
            if batch:
                self._invocations.submit(self._keeping_error(self._process), batch)
            else:
                self._slots.release()

    def _gather(self) -> list[Record]:
        """The next batch: as many messages as it may have, of those that arrive while its window is open.

        The window opens with the first message. Empty when none arrives in the time of one long poll.
        """
        batch: list[Record] = []
        size = len('{"Records": []}')
        seconds_left: float = _LONG_POLL_SECONDS
        window_ends = 0.0
        while len(batch) < self.configuration.batch_size and seconds_left > 0 and not self._stopping.is_set():
            arrived = self._left_over or self._receive(
                self.configuration.batch_size - len(batch), seconds_left
            )
            self._left_over = []
            if not batch:
                if not arrived:
                    break
                window_ends = time.monotonic() + self.configuration.batching_window_seconds
            for position, message in enumerate(arrived):
                size += len(json.dumps(message)) + len(", ")
                if batch and size > _PAYLOAD_LIMIT_BYTES:
                    self._left_over = arrived[position:]
                    return batch
                batch.append(message)
            seconds_left = window_ends - time.monotonic()
        return batch

    def _receive(self, limit: int, seconds_left: float) -> list[Record]:
        long_poll = min(int(seconds_left), _LONG_POLL_SECONDS)
        response = self._sqs.receive_message(
            QueueUrl=self.configuration.queue_url,
            MaxNumberOfMessages=min(limit, _MESSAGES_PER_CALL),
            WaitTimeSeconds=long_poll,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = response.get("Messages", [])
        if not messages and not long_poll:
            self._stopping.wait(min(seconds_left, _POLL_INTERVAL_SECONDS))
        return [record(message, self.configuration.queue_arn) for message in messages]

    def _process(self, batch: list[Record]) -> None:
        try:
            failed = self._failed(batch)
            done = [message for message in batch if message["messageId"] not in failed]
            for start in range(0, len(done), _MESSAGES_PER_CALL):
                self._sqs.delete_message_batch(
                    QueueUrl=self.configuration.queue_url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message["receiptHandle"]}
                        for number, message in enumerate(done[start : start + _MESSAGES_PER_CALL])
                    ],
                )
        finally:
            self._slots.release()

    def _failed(self, batch: list[Record]) -> set[str]:
        """The ids of the messages that stay in the queue until their visibility timeout is over."""
        message_ids = {message["messageId"] for message in batch}
        try:
            response = self._invoke({"Records": batch})
        except FunctionError:
            return message_ids
        return (
            failed_messages(response, message_ids) if self.configuration.report_batch_item_failures else set()
        )

    def _keeping_error(self, work: Callable[..., None]) -> Callable[..., None]:
        """So that what fails in a thread is seen by `check`."""

        def keeping_error(*arguments: Any) -> None:
            try:
                work(*arguments)
            except BaseException as error:
                self._error = error

        return keeping_error
