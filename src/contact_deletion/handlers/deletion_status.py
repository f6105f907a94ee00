"""DeletionStatusFunction: follows what SendGrid accepted to its end."""

from functools import cache
from typing import Any

from contact_deletion.application import Application
from contact_deletion.following.follow_up import Following
from contact_deletion.following.verification import Verification
from contact_deletion.platform.queue import QueuePlatform
from contact_deletion.request.follow_up import FollowUp, parse

OPERATION = "deletion_status"


def build(platform: QueuePlatform) -> Application[FollowUp]:
    parts = platform.parts(OPERATION)
    following = Following(
        parts.client,
        parts.clock,
        Verification(parts.settings.contact_verification),
        parts.settings.consistency_window_seconds,
    )
    return Application(parts, parse=parse, settle=following.settle)


@cache
def application() -> Application[FollowUp]:
    """This execution environment's, made on first use."""
    return build(QueuePlatform.of_lambda())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return application().handle(event, context)
