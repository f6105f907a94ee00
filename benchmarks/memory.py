"""The most memory that functions take, from which their MemorySize is chosen.

Needs Linux (see `function_process`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.aws_stand_in import AwsStandIn
from benchmarks.contenders import environment
from benchmarks.finding import Figure, Finding, Target
from benchmarks.floor import IDS_PER_CALL
from benchmarks.function_process import function_process
from benchmarks.functions import built
from benchmarks.status_check import event, status_messages
from benchmarks.workload import batches, contact_ids, messages
from local.sendgrid_double import SendGridDouble, serve

RUNS = 3


@dataclass(frozen=True)
class Peak:
    """MB that were resident in a fresh process, at most, `after` one invocation."""

    function: str
    after: str
    mb: Figure


@dataclass(frozen=True)
class Memory:
    """`peaks` are those held to the target, and others to know."""

    findings: list[Finding]
    peaks: list[Peak]


Event = Mapping[str, Any]


@dataclass(frozen=True)
class _Work:
    """`event` makes the event that a function is given, once its contacts are in the account."""

    function: str
    after: str
    event: Callable[[SendGridDouble], Event]


HELD_TO_THE_TARGET = [
    _Work("BulkDeleteFunction", "a batch of 1,000 messages of 10 ids", lambda _: _bulk(10_000, of=10)),
    _Work("BulkDeleteFunction", "one message of 10,000 ids", lambda _: _bulk(10_000, of=10_000)),
]

TO_KNOW = [
    _Work("BulkDeleteFunction", "a batch of 1,000 one-contact messages", lambda _: _bulk(1_000, of=1)),
    _Work(
        "BulkDeleteFunction",
        "6 MB, the most an event can have: messages of 10,000 ids",
        lambda _: _bulk(200_000, of=10_000),
    ),
    _Work(
        "DeletionStatusFunction",
        "tracking 1,000 requests of 10 IDs",
        lambda double: _followed(double, requests=1_000, of=10),
    ),
    _Work(
        "DeletionStatusFunction",
        "a full batch: 100 messages about 204 one-contact requests",
        lambda double: _followed(double, requests=100 * IDS_PER_CALL, of=1),
    ),
    _Work("RemoveIdentifierFunction", "a batch of 10", lambda double: _identifiers(double, 10)),
    _Work("ContactCountFunction", "one invocation", lambda _: {}),
]


def measure() -> Memory:
    with AwsStandIn() as aws:
        held = [_peak(work, aws, RUNS) for work in HELD_TO_THE_TARGET]
        return Memory([_finding(peak) for peak in held], held + [_peak(work, aws, 1) for work in TO_KNOW])


def _finding(peak: Peak) -> Finding:
    return Finding(
        what="memory",
        work=peak.after,
        ours=peak.function,
        others="",
        measured=peak.mb,
        target=Target("≤", 160, "MB"),
        remark="the most that was resident in a fresh process (VmHWM), the runtime client's own included; "
        "1 MB is 1,048,576 bytes, as in MemorySize",
    )


def _peak(work: _Work, aws: AwsStandIn, runs: int) -> Peak:
    return Peak(work.function, work.after, Figure(tuple(_run(work, aws) for _ in range(runs))))


def _run(work: _Work, aws: AwsStandIn) -> float:
    """MB. Raises NotDone."""
    aws.reset()
    function = built(work.function)
    double = SendGridDouble(job_delay=0)
    given = work.event(double)
    with (
        serve(double) as url,
        function_process(function.handler, [function.artifact], environment(aws.url, url)) as process,
    ):
        failures = process.invoke(given).get("batchItemFailures")
        if failures or aws.usage().dead_letters:
            raise NotDone(f"{work.function}, {work.after}: messages would come back, or are dead letters")
        return process.peak_mb()


class NotDone(Exception):
    """The function did not do what it was to be measured at."""


def _bulk(contacts: int, *, of: int) -> Event:
    """The first batch that Lambda makes of them."""
    return next(batches(messages(contact_ids(contacts), of)))


def _followed(double: SendGridDouble, *, requests: int, of: int) -> Event:
    asked = [[double.account.add_contact(external_id="x") for _ in range(of)] for _ in range(requests)]
    return event(status_messages(double, asked))


def _identifiers(double: SendGridDouble, count: int) -> Event:
    ids = [double.account.add_contact(email=f"{n}@example.com", external_id=str(n)) for n in range(count)]
    return event(
        [
            json.dumps(
                {"contact_id": contact_id, "identifier_type": "EXTERNALID", "identifier_value": str(n)}
            )
            for n, contact_id in enumerate(ids)
        ]
    )
