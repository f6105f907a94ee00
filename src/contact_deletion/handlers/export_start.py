"""ExportStartFunction: asks SendGrid for an export of all contacts."""

from functools import cache
from typing import Any

from contact_deletion.platform.account import AccountPlatform
from contact_deletion.requests import validation
from contact_deletion.sendgrid.exports import ExportClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "export_start"


def build(platform: AccountPlatform) -> WorkflowFunction[None]:
    client = platform.client(ExportClient)
    return WorkflowFunction(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=validation.empty_payload,
        act=lambda _, deadline: {"export_id": client.start_export(deadline)},
        client=client,
    )


@cache
def function() -> WorkflowFunction[None]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `{}`."""
    return function().handle(event, context)
