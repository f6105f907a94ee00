"""DeletionStatusFunction: tracks the jobs of accepted requests until they have ended."""

from functools import cache
from typing import Any

from contact_deletion.job_status.tracker import JobTracker
from contact_deletion.job_status.verification import Verification
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.status_check import StatusCheck, parse
from contact_deletion.runtime import QUEUE, Runtime
from contact_deletion.sendgrid.client import SendGridClient

OPERATION = "deletion_status"


def build(runtime: Runtime) -> QueueFunction[StatusCheck]:
    client = runtime.client(SendGridClient)
    tracker = JobTracker(
        client,
        runtime.threads,
        runtime.clock,
        Verification(runtime.settings.contact_verification),
        runtime.settings.consistency_window_seconds,
    )
    return QueueFunction(runtime, runtime.telemetry(OPERATION), client, parse=parse, process=tracker.process)


@cache
def function() -> QueueFunction[StatusCheck]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*QUEUE))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for an SQS event and for a Step Functions task.

    Takes Lambda's SQS event, whose message bodies are status checks, or one status check:
    `{"job_ids": [1 to 1,000], "requests": [{...}], "accepted_at": ISO 8601 with offset}`. Only `job_ids` is required.

    Returns the batch item failures of an SQS event, and of a status check `{"status": "pending" | "completed" |
    "failed" | "not_accepted" | "unknown", "jobs": [...], "requests": [...], "retry_after": seconds}`. docs/workflows.md
    describes the parts. Raises for a status check alone InvalidRequest, and as a call to SendGrid does
    (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
