"""ExportCopyFunction: copies one part of an export into the backup's bucket, and counts its contacts."""

from functools import cache
from typing import Any

from contact_deletion.backup.part_copier import PartCopier
from contact_deletion.platform.account import AccountPlatform
from contact_deletion.platform.bucket import Bucket
from contact_deletion.requests.backups import ExportCopy, parse_export_copy
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_copy"


def build(platform: AccountPlatform, bucket: Bucket) -> WorkflowFunction[ExportCopy]:
    client = platform.client(ExportClient)
    copier = PartCopier(
        client,
        bucket.s3,
        bucket.name,
        platform.clock,
        # What stands in for SendGrid on a private network gives links to itself.
        allow_http=platform.settings.sendgrid_base_url.startswith("http://"),
    )
    return WorkflowFunction(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse_export_copy,
        act=lambda request, deadline: vars(copier.copy(request, deadline)),
        client=client,
    )


@cache
def function() -> WorkflowFunction[ExportCopy]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.from_environment(), Bucket.from_environment("BACKUP_BUCKET"))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `export_id`, `part`, `file_id` and `folder`."""
    return function().handle(event, context)
