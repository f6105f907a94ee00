"""What the measured usage costs, in dollars for a million contacts."""

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass

from benchmarks import prices
from benchmarks.usage import CONTACTS, Usage

# The memory at which a function has one vCPU; below it has that share of one
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
ONE_VCPU_MB = 1769

MESSAGES_PER_REQUEST = 10


@dataclass(frozen=True)
class Bill:
    """Dollars for a million contacts, by service."""

    lambda_: float = 0.0
    sqs: float = 0.0
    dynamodb: float = 0.0
    logs: float = 0.0
    events: float = 0.0
    traces: float = 0.0

    @property
    def total(self) -> float:
        return float(sum(astuple(self)))

    def __add__(self, other: "Bill") -> "Bill":
        return Bill(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


def bill(
    usage: Usage, *, memory_mb: int, message_bytes: int, sent_by_another: bool = True, traced: bool = True
) -> Bill:
    """Of one function, and of its messages' way through its queue.

    What a function of ours has sent itself is in that one's usage; where messages come from others, sending them costs
    as well. Where functions are traced, every invocation counts as recorded, which is the most.
    """
    seconds = billed_seconds(usage.cpu_seconds, usage.waiting_seconds, memory_mb)
    batches = queue_requests(usage.messages, message_bytes, sent_by_another=sent_by_another)
    measured = Bill(
        lambda_=seconds * memory_mb / 1024 * prices.LAMBDA_GB_SECOND
        + usage.invocations * prices.LAMBDA_REQUEST,
        sqs=(batches + usage.sqs_requests) * prices.SQS_REQUEST,
        dynamodb=usage.dynamodb_write_units * prices.DYNAMODB_WRITE_UNIT
        + usage.dynamodb_read_units * prices.DYNAMODB_READ_UNIT,
        logs=usage.log_bytes / 1e9 * prices.LOGS_GB,
        events=usage.events * prices.EVENTBRIDGE_EVENT,
        traces=usage.invocations * prices.XRAY_TRACE if traced else 0.0,
    )
    return Bill(*(dollars * 1_000_000 / CONTACTS for dollars in astuple(measured)))


def billed_seconds(cpu_seconds: float, waiting_seconds: float, memory_mb: int) -> float:
    """Waiting takes as long everywhere; work takes longer on a share of a vCPU.

    A core of the machine that measured is taken for one of Lambda's.
    """
    return waiting_seconds + cpu_seconds / min(1.0, memory_mb / ONE_VCPU_MB)


def queue_requests(messages: int, message_bytes: int, *, sent_by_another: bool = True) -> int:
    """What SQS bills for messages of one size that are sent, received and deleted in tens."""
    together = min(messages, MESSAGES_PER_REQUEST) * message_bytes
    chunks = max(1, math.ceil(together / prices.SQS_REQUEST_BYTES))
    transfers = 2 if sent_by_another else 1
    return math.ceil(messages / MESSAGES_PER_REQUEST) * (transfers * chunks + 1)


def rows(bills: Mapping[str, Bill]) -> list[tuple[str, ...]]:
    """The table, with its heading first: a row for each service and the total, a column for each bill."""
    services = {
        "Lambda": [bill.lambda_ for bill in bills.values()],
        "SQS": [bill.sqs for bill in bills.values()],
        "DynamoDB": [bill.dynamodb for bill in bills.values()],
        "CloudWatch Logs": [bill.logs for bill in bills.values()],
        "EventBridge": [bill.events for bill in bills.values()],
        "X-Ray": [bill.traces for bill in bills.values()],
        "total": [bill.total for bill in bills.values()],
    }
    return [("dollars per million contacts", *bills)] + [
        (service, *(f"{dollars:.3f}" for dollars in amounts)) for service, amounts in services.items()
    ]
