"""ExportStartFunction: requests an export of contacts from SendGrid."""

from functools import cache
from typing import Any

from contact_deletion.requests.backups import ContactSource, parse_source
from contact_deletion.runtime import SENDGRID, Runtime
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_start"


def build(runtime: Runtime) -> WorkflowFunction[ContactSource]:
    client = runtime.client(ExportClient)
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse_source,
        act=lambda source, deadline: {"export_id": client.start_export(source, deadline)},
        client=client,
    )


@cache
def function() -> WorkflowFunction[ContactSource]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{}` for the account, `{"list_id"}` or `{"segment_id"}`. Returns `{"export_id": str}`. Raises InvalidRequest,
    and as a call to SendGrid does (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
