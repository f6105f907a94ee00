"""ExportStatusFunction: whether an export is ready, and of how many parts."""

from functools import cache
from typing import Any

from contact_deletion.backup.export_status import status
from contact_deletion.platform.account import AccountPlatform
from contact_deletion.request.export_status import ExportStatus, parse
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.task import Task

OPERATION = "export_status"


def build(platform: AccountPlatform) -> Task[ExportStatus]:
    client = platform.client(ExportClient)
    return Task(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse,
        act=lambda request, deadline: status(client, request, platform.clock(), deadline),
        client=client,
    )


@cache
def task() -> Task[ExportStatus]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.of_lambda())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `export_id` and `started_at`."""
    return task().handle(event, context)
