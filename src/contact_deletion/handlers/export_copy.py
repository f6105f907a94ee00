"""ExportCopyFunction: copies one part of an export into the backup bucket, and counts its contacts."""

from functools import cache
from typing import Any

from contact_deletion.backup.part_copier import PartCopier
from contact_deletion.requests.backups import ExportCopy, parse_export_copy
from contact_deletion.runtime import BACKUP, SENDGRID, Runtime
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_copy"


def build(runtime: Runtime) -> WorkflowFunction[ExportCopy]:
    client = runtime.client(ExportClient)
    copier = PartCopier(
        client,
        runtime.s3,
        runtime.settings.backup_bucket,
        runtime.clock,
        # A stand-in for SendGrid on a private network links to itself.
        allow_http=runtime.settings.sendgrid_base_url.startswith("http://"),
    )
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse_export_copy,
        act=lambda request, deadline: vars(copier.copy(request, deadline)),
        client=client,
    )


@cache
def function() -> WorkflowFunction[ExportCopy]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID, *BACKUP))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{"export_id", "part": number from 0, "file_id", "folder"}`. Returns `{"part", "key", "version_id", "size":
    bytes, "sha256", "contact_count": int, "contact_ids_version_id"}`. Raises InvalidRequest, BackupIncomplete,
    BucketUnavailable, and as a call to SendGrid does (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
