"""ExportCopyFunction: copies one part of an export into the backup's bucket, and counts its contacts."""

from functools import cache
from typing import Any

from contact_deletion.backup.part_copier import PartCopier
from contact_deletion.platform import BucketPlatform
from contact_deletion.request.export_copy import ExportCopy, parse
from contact_deletion.task import Task

OPERATION = "export_copy"


def build(platform: BucketPlatform) -> Task[ExportCopy]:
    client = platform.client()
    copier = PartCopier(
        client,
        platform.s3,
        platform.bucket,
        platform.clock,
        # What stands in for SendGrid on a private network gives links to itself.
        allow_http=platform.settings.sendgrid_base_url.startswith("http://"),
    )
    return Task(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse,
        act=lambda request, deadline: vars(copier.copy(request, deadline)),
        client=client,
    )


@cache
def task() -> Task[ExportCopy]:
    """This execution environment's, made on first use."""
    return build(BucketPlatform.of_lambda_with("BACKUP_BUCKET"))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `export_id`, `part` and `folder`."""
    return task().handle(event, context)
