"""IdentifierCheckFunction: whether a contact has an identifier, and whether it is its last."""

from functools import cache
from typing import Any

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.identifier import same_identifier
from contact_deletion.platform.account import AccountPlatform
from contact_deletion.requests.identifier_removal import RemoveIdentifier, held_identifiers, parse
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "identifier_check"


def build(platform: AccountPlatform) -> WorkflowFunction[RemoveIdentifier]:
    client = platform.client(SendGridClient)

    def check(request: RemoveIdentifier, deadline: Deadline) -> dict[str, Any]:
        held = held_identifiers(client.contact(request.contact_id, deadline))
        present = same_identifier(request, held.get(request.identifier_type))
        return {"present": present, "last": present and len(held) == 1}

    return WorkflowFunction(
        platform.telemetry(OPERATION), platform.clock, parse=parse, act=check, client=client
    )


@cache
def function() -> WorkflowFunction[RemoveIdentifier]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends a request to remove the identifier."""
    return function().handle(event, context)
