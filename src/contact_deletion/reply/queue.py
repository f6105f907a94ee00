"""The answer to SQS: a partial batch response, after the dead letters and visibility timeouts that it takes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contact_deletion.aws_errors import error_code
from contact_deletion.errors import Deferred, Rejected
from contact_deletion.inbound import QueueMessage
from contact_deletion.outcomes import Outcome
from contact_deletion.reply.backoff import LEAST_JITTER, visibility_timeout
from contact_deletion.reply.dead_letter import dead_letter, size_of
from contact_deletion.telemetry import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH_ENTRIES = 10
"""SQS's limit."""

_BATCH_BYTES = 256 * 1024
"""Within every limit that SQS has had; a larger message goes alone."""

_CALLS_AT_ONCE = 8

Batch = list[tuple[QueueMessage, dict[str, Any]]]
"""Messages, each with its entry of a batch call."""


class QueueReply:
    """Keeps what is rejected, delays what is deferred, and tells Lambda's poller what it must not delete."""

    def __init__(
        self,
        sqs: "SQSClient",
        dead_letter_queue_url: str,
        telemetry: Telemetry,
        jitter: Callable[[float, float], float],
    ) -> None:
        self._sqs = sqs
        self._dead_letter_queue_url = dead_letter_queue_url
        self._telemetry = telemetry
        self._jitter = jitter
        self._queue_urls: dict[str, str] = {}

    def partial_batch_response(self, settled: Sequence[tuple[QueueMessage, Outcome]]) -> dict[str, Any]:
        """The messages that stay in the queue: the deferred, and the rejected whose copy is not safe."""
        letters = [(message, dead_letter(message, o)) for message, o in settled if isinstance(o, Rejected)]
        deferred = [(message, outcome) for message, outcome in settled if isinstance(outcome, Deferred)]
        with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
            for uncopied in pool.map(self._copy, _batches(letters, size_of)):
                deferred += [
                    (message, Deferred("the dead-letter queue did not take it")) for message in uncopied
                ]
            # One draw for all, so that what was deferred together comes back together and packs as well as before.
            jitter = self._jitter(LEAST_JITTER, 1.0)
            delays = [(message, _delay(message, outcome, jitter)) for message, outcome in deferred]
            list(pool.map(self._delay, _batches(delays, lambda _: 0)))
        return {"batchItemFailures": [{"itemIdentifier": message.message_id} for message, _ in deferred]}

    def _copy(self, batch: Batch) -> list[QueueMessage]:
        """Sends the letters to the dead-letter queue; gives back the messages whose letter it did not take."""
        failed = _failed(
            batch,
            lambda entries: self._sqs.send_message_batch(
                QueueUrl=self._dead_letter_queue_url, Entries=entries
            ),
        )
        for message, reason in failed:
            self._telemetry.dead_letter_copy_failed(message.message_id, reason)
        return [message for message, _ in failed]

    def _delay(self, batch: Batch) -> None:
        """A message whose visibility timeout cannot be changed comes back when its queue's ends."""
        failed = _failed(
            batch,
            lambda entries: self._sqs.change_message_visibility_batch(
                QueueUrl=self._queue_url(batch[0][0].queue_arn), Entries=entries
            ),
        )
        for message, reason in failed:
            self._telemetry.visibility_change_failed(message.message_id, reason)

    def _queue_url(self, queue_arn: str) -> str:
        if queue_arn not in self._queue_urls:
            account, name = queue_arn.split(":")[-2:]
            url = self._sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
            self._queue_urls[queue_arn] = url
        return self._queue_urls[queue_arn]


def _delay(message: QueueMessage, outcome: Deferred, jitter: float) -> dict[str, Any]:
    return {
        "ReceiptHandle": message.receipt_handle,
        "VisibilityTimeout": visibility_timeout(outcome, message.receive_count, jitter),
    }


def _failed(batch: Batch, call: Callable[[Any], Any]) -> list[tuple[QueueMessage, str]]:
    """Makes a batch call, which may take some entries and not others, and says which it did not take and why."""
    entries = [{"Id": str(index), **entry} for index, (_, entry) in enumerate(batch)]
    try:
        answer = call(entries)
    except (ClientError, BotoCoreError) as error:
        return [(message, error_code(error)) for message, _ in batch]
    return [(batch[int(failure["Id"])][0], failure["Code"]) for failure in answer.get("Failed", ())]


def _batches(entries: Batch, size_of_entry: Callable[[dict[str, Any]], int]) -> Iterator[Batch]:
    batch: Batch = []
    room = _BATCH_BYTES
    for message, entry in entries:
        size = size_of_entry(entry)
        if batch and (len(batch) == _BATCH_ENTRIES or size > room):
            yield batch
            batch, room = [], _BATCH_BYTES
        batch.append((message, entry))
        room -= size
    if batch:
        yield batch
