"""BackupCheckFunction: makes sure that a backup holds every contact, and writes its manifest."""

from functools import cache
from typing import Any

from contact_deletion.backup.check import check
from contact_deletion.platform.bucket import Bucket
from contact_deletion.platform.function import FunctionPlatform
from contact_deletion.requests.backups import BackupCheck, parse_backup_check
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "backup_check"


def build(platform: FunctionPlatform, bucket: Bucket) -> WorkflowFunction[BackupCheck]:
    return WorkflowFunction(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse_backup_check,
        act=lambda request, _: check(bucket.s3, bucket.name, request, platform.clock()),
    )


@cache
def function() -> WorkflowFunction[BackupCheck]:
    """This execution environment's, made on first use."""
    return build(FunctionPlatform.from_environment(), Bucket.from_environment("BACKUP_BUCKET"))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends the parts' copies and how many contacts they should have."""
    return function().handle(event, context)
