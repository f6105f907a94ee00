"""DeletionStatusFunction: follows what SendGrid accepted to its end."""

from functools import cache
from typing import Any

from contact_deletion.job_status.tracker import JobTracker
from contact_deletion.job_status.verification import Verification
from contact_deletion.platform.queue import QueuePlatform
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.status_check import StatusCheck, parse

OPERATION = "deletion_status"


def build(platform: QueuePlatform) -> QueueFunction[StatusCheck]:
    parts = platform.parts(OPERATION)
    following = JobTracker(
        parts.client,
        parts.clock,
        Verification(parts.settings.contact_verification),
        parts.settings.consistency_window_seconds,
    )
    return QueueFunction(parts, parse=parse, process=following.process)


@cache
def function() -> QueueFunction[StatusCheck]:
    """This execution environment's, made on first use."""
    return build(QueuePlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return function().handle(event, context)
