"""ExportStartFunction: requests an export of all contacts from SendGrid."""

from functools import cache
from typing import Any

from contact_deletion.requests.validation import empty_payload
from contact_deletion.runtime import SENDGRID, Runtime
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_start"


def build(runtime: Runtime) -> WorkflowFunction[None]:
    client = runtime.client(ExportClient)
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=empty_payload,
        act=lambda _, deadline: {"export_id": client.start_export(deadline)},
        client=client,
    )


@cache
def function() -> WorkflowFunction[None]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task: `{}` is answered with `{"export_id": str}`."""
    return function().handle(event, context)
