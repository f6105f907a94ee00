"""ContactCountFunction: how many contacts the account has."""

from functools import cache
from typing import Any

from contact_deletion.platform.account import AccountPlatform
from contact_deletion.requests import validation
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "contact_count"


def build(platform: AccountPlatform) -> WorkflowFunction[None]:
    client = platform.client(SendGridClient)
    return WorkflowFunction(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=validation.empty_payload,
        act=lambda _, deadline: {"contact_count": client.contact_count(deadline)},
        client=client,
    )


@cache
def function() -> WorkflowFunction[None]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `{}`."""
    return function().handle(event, context)
