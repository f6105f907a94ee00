"""ContactCountFunction: how many contacts the account has."""

from functools import cache
from typing import Any

from contact_deletion.requests.validation import empty_payload
from contact_deletion.runtime import SENDGRID, Runtime
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "contact_count"


def build(runtime: Runtime) -> WorkflowFunction[None]:
    client = runtime.client(SendGridClient)
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=empty_payload,
        act=lambda _, deadline: {"contact_count": client.contact_count(deadline)},
        client=client,
    )


@cache
def function() -> WorkflowFunction[None]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task: `{}` is answered with `{"contact_count": int}`."""
    return function().handle(event, context)
