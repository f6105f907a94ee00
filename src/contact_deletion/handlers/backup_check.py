"""BackupCheckFunction: makes sure that a backup is complete, and writes its manifest."""

from functools import cache
from typing import Any

from contact_deletion.backup.check import check
from contact_deletion.requests.backups import BackupCheck, parse_backup_check
from contact_deletion.runtime import BACKUP, Runtime
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "backup_check"


def build(runtime: Runtime) -> WorkflowFunction[BackupCheck]:
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse_backup_check,
        act=lambda request, _: check(runtime.s3, runtime.settings.backup_bucket, request, runtime.clock()),
    )


@cache
def function() -> WorkflowFunction[BackupCheck]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*BACKUP))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{"folder", "source": {"list_id"} or {"segment_id"} or {}, "sampled_at": ISO 8601 with offset or null,
    "expected_contact_count": int, "exported_contact_count": int or null, "parts": [responses of ExportCopyFunction]}`.
    Returns `{"contact_count": int, "bucket", "manifest_key"}`. Raises InvalidRequest, BackupIncomplete and
    BucketUnavailable.
    """
    return function().handle(event, context)
