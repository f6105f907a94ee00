"""ExportStatusFunction: whether an export is ready, and of how many parts."""

from functools import cache
from typing import Any

from contact_deletion.backup.export_progress import status
from contact_deletion.platform.account import AccountPlatform
from contact_deletion.requests.backups import ExportStatus, parse_export_status
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_status"


def build(platform: AccountPlatform) -> WorkflowFunction[ExportStatus]:
    client = platform.client(ExportClient)
    return WorkflowFunction(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse_export_status,
        act=lambda request, deadline: status(client, request, platform.clock(), deadline),
        client=client,
    )


@cache
def function() -> WorkflowFunction[ExportStatus]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `export_id` and `started_at`."""
    return function().handle(event, context)
