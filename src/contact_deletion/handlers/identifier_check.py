"""IdentifierCheckFunction: whether a contact has an identifier, and whether it is its last one."""

from functools import cache
from typing import Any

from contact_deletion.deletion.identifier import check_identifier
from contact_deletion.requests.identifier_removal import RemoveIdentifier, parse
from contact_deletion.runtime import SENDGRID, Runtime
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "identifier_check"


def build(runtime: Runtime) -> WorkflowFunction[RemoveIdentifier]:
    client = runtime.client(SendGridClient)
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse,
        act=lambda request, deadline: check_identifier(client, request, deadline),
        client=client,
    )


@cache
def function() -> WorkflowFunction[RemoveIdentifier]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes a request of RemoveIdentifierFunction. Returns `{"present": bool, "last": bool}`: whether the contact has the
    identifier, and whether that is its only one. Raises InvalidRequest, ContactNotFound, and as a call to SendGrid does
    (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
