"""Messages that have DeletionStatusFunction track the jobs of accepted requests."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from contact_deletion.deadline import timestamp
from contact_deletion.deliveries import Delivery
from contact_deletion.notifications.batch_calls import MAX_BYTES, batches, not_taken
from contact_deletion.outcomes import Accepted
from contact_deletion.requests.bulk_deletion import BulkDelete
from contact_deletion.requests.identifier_removal import RemoveIdentifier
from contact_deletion.requests.status_check import TrackedIdentifier, TrackedRequest
from contact_deletion.requests.validation import MAX_JOB_IDS

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


Group = list[Delivery]


class StatusCheckQueue:
    """The queue of DeletionStatusFunction, by its URL."""

    def __init__(self, sqs: "SQSClient", queue_url: str, operation: str, threads: Executor) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._operation = operation
        self._threads = threads

    def send(self, accepted: Sequence[Delivery], now: float) -> list[tuple[Delivery, str]]:
        """One message for the requests that share the same jobs, or one for each 1,000 of these.

        Returns the requests that are missing in a message, each with the reason.
        """
        messages = [
            (group, {"MessageBody": body})
            for job_ids, sharing in _by_jobs(accepted).items()
            for some_jobs, is_last in _named_together(job_ids)
            for group, body in self._messages(some_jobs, sharing, now, with_tokens=is_last)
        ]
        calls = batches(messages, lambda entry: len(entry["MessageBody"]))
        failures = self._threads.map(self._send, calls)
        return [(delivery, reason) for failed in failures for group, reason in failed for delivery in group]

    def _send(self, batch: list[tuple[Group, dict[str, Any]]]) -> list[tuple[Group, str]]:
        return not_taken(
            batch, lambda entries: self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        )

    def _messages(
        self, job_ids: tuple[str, ...], sharing: Sequence[Delivery], now: float, *, with_tokens: bool
    ) -> Iterator[tuple[Group, str]]:
        """Fills each message up to its maximum size. A request that is larger than that has a message of its own."""
        head = json.dumps({"job_ids": list(job_ids), "accepted_at": timestamp(now)})
        group: Group = []
        texts: list[str] = []
        room = MAX_BYTES
        for delivery in sharing:
            text = json.dumps(self._tracked(delivery, with_token=with_tokens), separators=(",", ":"))
            if group and len(text) + 1 > room:
                yield group, _body(head, texts)
                group, texts, room = [], [], MAX_BYTES
            if not group:
                room -= len(_body(head, []))
            group.append(delivery)
            texts.append(text)
            room -= len(text) + 1
        yield group, _body(head, texts)

    def _tracked(self, delivery: Delivery, *, with_token: bool) -> dict[str, Any]:
        """The request as the status check has it. The values of identifiers are left out."""
        asked, outcome = delivery.request, delivery.outcome
        contact_ids = asked.contact_ids if isinstance(asked, BulkDelete) else ()
        resolution = outcome.resolution if isinstance(outcome, Accepted) else None
        return TrackedRequest(
            operation=self._operation,
            request_id=delivery.request_id,
            message_id=delivery.message_id,
            contact_count=outcome.contact_count if isinstance(outcome, Accepted) else None,
            contact_ids=contact_ids if resolution is None else tuple(sorted(resolution.contact_ids)),
            identifiers=None if resolution is None else resolution.counts,
            identifier=TrackedIdentifier(asked.contact_id, asked.identifier_type)
            if isinstance(asked, RemoveIdentifier)
            else None,
            task_token=delivery.task_token if with_token else None,
        ).payload


def _by_jobs(accepted: Sequence[Delivery]) -> dict[tuple[str, ...], Group]:
    groups: defaultdict[tuple[str, ...], Group] = defaultdict(list)
    for delivery in accepted:
        groups[delivery.outcome.job_ids].append(delivery)
    return groups


def _named_together(job_ids: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """As many jobs as a message may name, and whether they are the last: a task token is answered only once."""
    for start in range(0, len(job_ids), MAX_JOB_IDS):
        yield job_ids[start : start + MAX_JOB_IDS], start + MAX_JOB_IDS >= len(job_ids)


def _body(head: str, requests: Sequence[str]) -> str:
    return f'{head[:-1]}, "requests": [{",".join(requests)}]}}'
