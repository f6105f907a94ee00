"""ExportStatusFunction: whether an export is ready, and how many parts it has."""

from functools import cache
from typing import Any

from contact_deletion.backup.export_progress import status
from contact_deletion.requests.backups import ExportStatus, parse_export_status
from contact_deletion.runtime import SENDGRID, Runtime
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_status"


def build(runtime: Runtime) -> WorkflowFunction[ExportStatus]:
    client = runtime.client(ExportClient)
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse_export_status,
        act=lambda request, deadline: status(client, request, runtime.clock(), deadline),
        client=client,
    )


@cache
def function() -> WorkflowFunction[ExportStatus]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{"export_id", "started_at": ISO 8601 with offset}`. Returns `{"status": "pending" | "ready" | "failed",
    "parts": [numbers from 0], "contact_count": int or null, "retry_after": seconds, "message"}`. Raises InvalidRequest,
    BackupIncomplete, and as a call to SendGrid does (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
