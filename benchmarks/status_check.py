"""What it takes to follow accepted deletions to their end: the other half of what ours costs.

Needs Linux (see `function_process`).
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import mean, median
from tempfile import TemporaryFile
from typing import Any, cast

from benchmarks import sendgrid, workload
from benchmarks.aws_responses import AwsUsage
from benchmarks.aws_stand_in import AwsStandIn
from benchmarks.contenders import environment
from benchmarks.earlier import REVISION, earlier
from benchmarks.finding import Figure, Finding, Target
from benchmarks.floor import IDS_PER_CALL
from benchmarks.function_process import function_process
from benchmarks.functions import BuiltFunction, built
from benchmarks.run import Consumer
from benchmarks.usage import Usage
from contact_deletion.deliveries import Delivery, QueueMessage
from contact_deletion.notifications.status_checks import StatusCheckQueue
from contact_deletion.outcomes import Accepted
from contact_deletion.requests.bulk_deletion import BulkDelete
from local.sendgrid_double import SendGridDouble, serve

RUNS = 3

_REMARKS = {
    "each": "most of it is botocore's work for PutEvents, which takes ten events a call",
    "failures": "all requests complete, so that no event is put",
}

# Runs of ours and of the earlier revision, in turns.
PAIRS = 7

Event = dict[str, Any]


@dataclass(frozen=True)
class StatusChecks:
    """`message_bytes` is the mean length of a body."""

    usage: Usage
    message_bytes: int


@dataclass(frozen=True)
class _Run:
    cpu_seconds: float
    waiting_seconds: float
    log_bytes: int
    sendgrid_calls: int
    aws: AwsUsage


@dataclass(frozen=True)
class FollowUp:
    findings: list[Finding]
    status_checks: dict[str, StatusChecks]


class NotTracked(Exception):
    """A job was not tracked to its end."""


def measure() -> FollowUp:
    """For 10,000 contacts in one-contact messages, which come in batches of 1,000, and for them in lists of 1,000.

    Events are put for each request, or for "singles, failures" only for those that did not complete.
    """
    function = built("DeletionStatusFunction")
    with (
        AwsStandIn() as aws,
        _double() as (double, url),
        earlier(function) as before,
        _consumer(aws, url, function, "each") as each,
        _consumer(aws, url, function, "failures") as failures,
        _consumer(aws, url, before, "each") as each_before,
        _consumer(aws, url, before, "failures") as failures_before,
    ):
        for consumer in (each, failures, each_before, failures_before):
            consumer.invoke(event([status_messages(double, [_contacts(double, 1)])[0]]))
        thousand_singles = [[contact_id] for contact_id in _contacts(double, 1_000)]
        singles = status_messages(double, thousand_singles)
        lists = status_messages(double, [_contacts(double, 1_000) for _ in range(10)])
        return FollowUp(
            [
                _compared("each", aws, singles, each, each_before),
                _compared("failures", aws, singles, failures, failures_before),
            ],
            {
                "singles": _measured(each, aws, singles, times=10),
                "singles, failures": _measured(failures, aws, singles, times=10),
                "lists": _measured(each, aws, lists, times=1),
            },
        )


def status_messages(double: SendGridDouble, requests: Sequence[Sequence[str]]) -> list[str]:
    """Bodies of what BulkDeleteFunction sends when SendGrid has accepted a batch of these requests' contacts."""
    job_of = _jobs(double, [contact_id for request in requests for contact_id in request])
    accepted = [
        Delivery(
            payload=None,
            message=QueueMessage(workload.message("", number)["messageId"], "", "", 1, "", {}),
            request=BulkDelete(tuple(request)),
            outcome=Accepted(tuple(dict.fromkeys(map(job_of.__getitem__, request))), len(request)),
        )
        for number, request in enumerate(requests)
    ]
    queue = _Queue()
    with ThreadPoolExecutor(1) as in_turn:
        StatusCheckQueue(cast(Any, queue), "", "bulk_delete", in_turn).send(accepted, time.time())
    return queue.bodies


class _Queue:
    """Takes every message."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, str]]) -> Event:
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {}


def event(bodies: Sequence[str]) -> Event:
    return {"Records": [workload.message(body, number) for number, body in enumerate(bodies)]}


def _jobs(double: SendGridDouble, contact_ids: Sequence[str]) -> dict[str, str]:
    """The id of the job that deletes it, for each contact."""
    chunks = [contact_ids[start : start + IDS_PER_CALL] for start in range(0, len(contact_ids), IDS_PER_CALL)]
    jobs = [double.account.delete_contacts(chunk) for chunk in chunks]
    return {contact_id: job.id for chunk, job in zip(chunks, jobs, strict=True) for contact_id in chunk}


def _contacts(double: SendGridDouble, count: int) -> list[str]:
    """New ones, that there is something to delete: where counts do not add up, contacts are looked up."""
    return [double.account.add_contact(external_id="benchmark") for _ in range(count)]


def _measured(consumer: Consumer, aws: AwsStandIn, bodies: Sequence[str], *, times: int) -> StatusChecks:
    """The median of several runs; `times` this is the work of 10,000 contacts."""
    runs = [_run(consumer, aws, event(bodies)) for _ in range(RUNS)]
    return StatusChecks(
        Usage(
            messages=times * len(bodies),
            invocations=times,
            cpu_seconds=times * median(run.cpu_seconds for run in runs),
            waiting_seconds=times * median(run.waiting_seconds for run in runs),
            sendgrid_calls=times * runs[0].sendgrid_calls,
            dynamodb_read_units=0,
            dynamodb_write_units=0,
            sqs_requests=times * runs[0].aws.sqs_requests,
            status_messages=0,
            log_bytes=times * runs[0].log_bytes,
            events=times * runs[0].aws.events,
        ),
        round(mean(map(len, bodies))),
    )


def _compared(
    outcome_events: str, aws: AwsStandIn, bodies: Sequence[str], now: Consumer, before: Consumer
) -> Finding:
    runs = [
        [_run(consumer, aws, event(bodies)).cpu_seconds for consumer in (now, before)] for _ in range(PAIRS)
    ]
    ours, earlier_runs = zip(*runs, strict=True)
    return Finding(
        what="CPU time of follow-up",
        work=f"a batch about 1,000 one-contact requests, `{outcome_events}`",
        ours=f"{1000 * median(ours):.0f} ms",
        others=f"revision {REVISION} {1000 * median(earlier_runs):.0f} ms",
        measured=Figure.ratio(ours, earlier_runs),
        target=Target("≤", 0.5, "× earlier"),
        remark=_REMARKS[outcome_events],
    )


def _run(consumer: Consumer, aws: AwsStandIn, batch: Event) -> _Run:
    """Raises NotTracked: what leaves something undone is not counted."""
    aws.reset()
    consumer.forget()
    if failures := consumer.invoke(batch)["batchItemFailures"]:
        raise NotTracked(f"{len(failures)} of {len(batch['Records'])} messages would come back")
    jobs = {job_id for record in batch["Records"] for job_id in json.loads(record["body"])["job_ids"]}
    return _Run(
        cpu_seconds=consumer.cpu_seconds,
        waiting_seconds=consumer.wall_seconds - consumer.cpu_seconds,
        log_bytes=consumer.log_bytes(),
        sendgrid_calls=len(jobs),
        aws=aws.usage(),
    )


@contextmanager
def _double() -> Iterator[tuple[SendGridDouble, str]]:
    double = SendGridDouble(job_delay=0, latency_seconds=sendgrid.LATENCY_SECONDS)
    with serve(double) as url:
        yield double, url


@contextmanager
def _consumer(
    aws: AwsStandIn, sendgrid_url: str, function: BuiltFunction, outcome_events: str
) -> Iterator[Consumer]:
    variables = environment(aws.url, sendgrid_url) | {"OUTCOME_EVENTS": outcome_events}
    with (
        TemporaryFile() as log,
        function_process(function.handler, [function.artifact], variables, log) as process,
    ):
        yield Consumer(process, log)
