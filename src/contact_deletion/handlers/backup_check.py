"""BackupCheckFunction: makes sure that a backup holds every contact, and writes its manifest."""

from functools import cache
from typing import Any

from contact_deletion.backup.check import check
from contact_deletion.platform.bucket import Bucket
from contact_deletion.platform.function import FunctionPlatform
from contact_deletion.request.backup_check import BackupCheck, parse
from contact_deletion.task import Task

OPERATION = "backup_check"


def build(platform: FunctionPlatform, bucket: Bucket) -> Task[BackupCheck]:
    return Task(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse,
        act=lambda request, _: check(bucket.s3, bucket.name, request, platform.clock()),
    )


@cache
def task() -> Task[BackupCheck]:
    """This execution environment's, made on first use."""
    return build(FunctionPlatform.of_lambda(), Bucket.of_lambda("BACKUP_BUCKET"))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends the parts' copies and how many contacts they should have."""
    return task().handle(event, context)
