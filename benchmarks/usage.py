"""What some work takes of Lambda and of the other services: the cost table is made from it."""

from dataclasses import dataclass
from typing import Self

from benchmarks.run import Run

CONTACTS = 10_000


@dataclass(frozen=True)
class Usage:
    """Per 10,000 contacts, by the function alone: not by the producer of its messages, nor by Lambda's poller.

    `waiting_seconds` is an invocation's wall time less its CPU time; `sqs_requests` includes those that send the
    `status_messages`; `events` are those put on EventBridge by this function.
    """

    messages: int
    invocations: int
    cpu_seconds: float
    waiting_seconds: float
    sendgrid_calls: int
    dynamodb_read_units: float
    dynamodb_write_units: float
    sqs_requests: int
    status_messages: int
    log_bytes: int
    events: int

    @classmethod
    def of(cls, run: Run, *, messages: int, contacts: int, invocations: int) -> Self:
        """`contacts` are those of the run, the others for 10,000."""
        scale = CONTACTS / contacts
        return cls(
            messages=messages,
            invocations=invocations,
            cpu_seconds=scale * run.cpu_seconds,
            waiting_seconds=scale * (run.wall_seconds - run.cpu_seconds),
            sendgrid_calls=round(scale * run.sendgrid.calls),
            dynamodb_read_units=scale * run.aws.read_units,
            dynamodb_write_units=scale * run.aws.write_units,
            sqs_requests=round(scale * run.aws.sqs_requests),
            status_messages=round(scale * run.aws.status_messages),
            log_bytes=round(scale * run.log_bytes),
            events=round(scale * run.aws.events),
        )
