"""The answer to SQS: a partial batch response, after all that has to be done before a message may go."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from contact_deletion.deliveries import QueueMessage, Settled, with_outcomes
from contact_deletion.errors import Deferred, DeletionUntracked, Rejected
from contact_deletion.notifications.batch_calls import Entry, batches, not_taken
from contact_deletion.notifications.notifier import Notifier
from contact_deletion.observability import QueueTelemetry
from contact_deletion.outcomes import Outcome, PartlyEnded
from contact_deletion.responses.backoff import LEAST_JITTER, visibility_timeout
from contact_deletion.responses.dead_letter import dead_letter, size_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class QueueReply:
    """Announces what ended, keeps what is rejected, delays what is deferred, and tells Lambda's poller what it must not
    delete.
    """

    def __init__(
        self,
        announcer: Notifier,
        sqs: "SQSClient",
        dead_letter_queue_url: str,
        telemetry: QueueTelemetry,
        jitter: Callable[[float, float], float],
        threads: Executor,
    ) -> None:
        self._announcer = announcer
        self._sqs = sqs
        self._dead_letter_queue_url = dead_letter_queue_url
        self._telemetry = telemetry
        self._jitter = jitter
        self._threads = threads
        self._queue_urls: dict[str, str] = {}

    def partial_batch_response(self, settled: Sequence[Settled]) -> dict[str, Any]:
        """The messages that stay in the queue: the deferred, and those of which something could not be told or kept."""
        settled = self._announcer.enqueue_status_checks(settled)
        # This is kept before it is told: what comes back would be sent again, and must not have been told an end.
        settled = self._kept(settled, lambda outcome: isinstance(outcome, DeletionUntracked))
        settled = self._told(settled)
        settled = self._left_to_others(settled)
        settled = self._kept(settled, lambda outcome: not isinstance(outcome, DeletionUntracked))
        deferred = {
            one.message.message_id: (one.message, one.outcome)
            for one in settled
            if one.message and isinstance(one.outcome, Deferred)
        }
        # One draw for each part, so that what was deferred together comes back together and packs as well as before.
        jitters: defaultdict[int, float] = defaultdict(lambda: self._jitter(LEAST_JITTER, 1.0))
        delays = [
            (message, _delay(message, because, jitters[because.part]))
            for message, because in deferred.values()
        ]
        list(self._threads.map(self._delay, batches(delays, lambda _: 0)))
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in deferred]}

    def _told(self, settled: Sequence[Settled]) -> Sequence[Settled]:
        untold = Deferred("what became of it could not be told")
        return with_outcomes(
            settled,
            {
                id(one): untold
                for one in self._announcer.publish(settled)
                if not isinstance(one.outcome, DeletionUntracked)
            },
        )

    def _left_to_others(self, settled: Sequence[Settled]) -> Sequence[Settled]:
        """Has what is left of partly ended messages followed by messages of their own, in the same queue.

        Where the queue does not take one, its message comes back as it was.
        """
        ended: dict[int, Outcome] = {}
        rest: list[tuple[Settled, Entry]] = []
        queue_arn = ""
        for one in settled:
            if one.message and isinstance(one.outcome, PartlyEnded):
                ended[id(one)], queue_arn = one.outcome.ended, one.message.queue_arn
                rest.append((one, {"MessageBody": json.dumps(one.outcome.rest.payload)}))
        for batch in batches(rest, lambda entry: len(entry["MessageBody"])):
            for one in self._send_rest(batch, queue_arn):
                del ended[id(one)]
        return with_outcomes(settled, ended)

    def _send_rest(self, batch: list[tuple[Settled, Entry]], queue_arn: str) -> list[Settled]:
        """Gives back what the queue did not take."""
        failed = not_taken(
            batch,
            lambda entries: self._sqs.send_message_batch(
                QueueUrl=self._queue_url(queue_arn), Entries=entries
            ),
        )
        for one, reason in failed:
            self._telemetry.status_message_failed(one.request_id, one.outcome.job_ids, reason)
        return [one for one, _ in failed]

    def _kept(self, settled: Sequence[Settled], which: Callable[[Rejected], bool]) -> Sequence[Settled]:
        """Copies rejected messages to the dead-letter queue; what it does not take is deferred."""
        letters = [
            (one, dead_letter(one.message, one.outcome))
            for one in settled
            if one.message and isinstance(one.outcome, Rejected) and which(one.outcome)
        ]
        unkept = Deferred("the dead-letter queue did not take it")
        uncopied = self._threads.map(self._copy, batches(letters, size_of))
        return with_outcomes(settled, {id(one): unkept for failed in uncopied for one in failed})

    def _copy(self, batch: list[tuple[Settled, Entry]]) -> list[Settled]:
        """Gives back what the dead-letter queue did not take."""
        failed = not_taken(
            batch,
            lambda entries: self._sqs.send_message_batch(
                QueueUrl=self._dead_letter_queue_url, Entries=entries
            ),
        )
        for one, reason in failed:
            self._telemetry.dead_letter_copy_failed(one.message_id, reason)
        return [one for one, _ in failed]

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
