"""The response to SQS: a partial batch response, after everything that must happen before a message may be deleted."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from contact_deletion.deliveries import Delivery, QueueMessage
from contact_deletion.errors import Deferred, DeletionUntracked, Rejected
from contact_deletion.notifications.batch_calls import Entry, batches, not_taken
from contact_deletion.notifications.notifier import Notifier
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import PartlyEnded
from contact_deletion.responses.backoff import LEAST_JITTER, visibility_timeout
from contact_deletion.responses.dead_letter import dead_letter, size_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PartlyEndedDelivery = tuple[Delivery, QueueMessage, PartlyEnded]


class QueueResponse:
    """Publishes final outcomes, dead-letters rejected messages, delays deferred ones, and names those to keep."""

    def __init__(
        self,
        notifier: Notifier,
        sqs: "SQSClient",
        dead_letter_queue_url: str,
        telemetry: Telemetry,
        jitter: Callable[[float, float], float],
        threads: Executor,
    ) -> None:
        self._notifier = notifier
        self._sqs = sqs
        self._dead_letter_queue_url = dead_letter_queue_url
        self._telemetry = telemetry
        self._jitter = jitter
        self._threads = threads
        self._queue_urls: dict[str, str] = {}

    def partial_batch_response(self, batch: Sequence[Delivery]) -> dict[str, Any]:
        """The messages that stay in the queue: the deferred, and those with a step that failed."""
        self._notifier.enqueue_status_checks(batch)
        # An untracked deletion is dead-lettered before it is published: if that fails its message comes back and the
        # deletion is sent again, so no end may have been published.
        self._dead_letter(batch, lambda outcome: isinstance(outcome, DeletionUntracked))
        self._notifier.publish(batch)
        self._enqueue_rest(batch)
        self._dead_letter(batch, lambda outcome: not isinstance(outcome, DeletionUntracked))
        deferred = {
            delivery.message.message_id: (delivery.message, delivery.outcome)
            for delivery in batch
            if delivery.message and isinstance(delivery.outcome, Deferred)
        }
        # One draw for each part, so that what was deferred together comes back together and packs as well as before.
        jitters: defaultdict[int, float] = defaultdict(lambda: self._jitter(LEAST_JITTER, 1.0))
        delays = [
            (message, _delay(message, outcome, jitters[outcome.part]))
            for message, outcome in deferred.values()
        ]
        list(self._threads.map(self._delay, batches(delays, lambda _: 0)))
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in deferred]}

    def _enqueue_rest(self, batch: Sequence[Delivery]) -> None:
        """Has the other requests of partly ended status checks tracked by messages of their own, in the same queue.

        Where the queue does not take one, its message comes back as it was.
        """
        rest = [
            (
                (delivery, delivery.message, delivery.outcome),
                {"MessageBody": json.dumps(delivery.outcome.rest.payload)},
            )
            for delivery in batch
            if delivery.message and isinstance(delivery.outcome, PartlyEnded)
        ]
        for entries in batches(rest, lambda entry: len(entry["MessageBody"])):
            failed = self._send_rest(entries)
            for (delivery, _, outcome), _ in entries:
                delivery.outcome = outcome.ended
            for (delivery, _, outcome), reason in failed:
                self._telemetry.status_message_failed(delivery.request_id, outcome.job_ids, reason)
                delivery.outcome = outcome

    def _send_rest(
        self, batch: list[tuple[PartlyEndedDelivery, Entry]]
    ) -> list[tuple[PartlyEndedDelivery, str]]:
        _, message, _ = batch[0][0]
        return not_taken(
            batch,
            lambda entries: self._sqs.send_message_batch(
                QueueUrl=self._queue_url(message.queue_arn), Entries=entries
            ),
        )

    def _dead_letter(self, batch: Sequence[Delivery], which: Callable[[Rejected], bool]) -> None:
        """Copies rejected messages to the dead-letter queue. What it does not take is deferred."""
        letters = [
            (delivery, dead_letter(delivery.message, delivery.outcome))
            for delivery in batch
            if delivery.message and isinstance(delivery.outcome, Rejected) and which(delivery.outcome)
        ]
        for failed in self._threads.map(self._copy, batches(letters, size_of)):
            for delivery, reason in failed:
                self._telemetry.dead_letter_copy_failed(delivery.message_id, reason)
                delivery.outcome = Deferred("the message could not be copied to the dead-letter queue")

    def _copy(self, batch: list[tuple[Delivery, Entry]]) -> list[tuple[Delivery, str]]:
        return not_taken(
            batch,
            lambda entries: self._sqs.send_message_batch(
                QueueUrl=self._dead_letter_queue_url, Entries=entries
            ),
        )

    def _delay(self, batch: list[tuple[QueueMessage, Entry]]) -> None:
        """A message whose visibility timeout cannot be changed comes back when its queue's ends."""
        failed = not_taken(
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
