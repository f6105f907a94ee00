"""RemoveIdentifierFunction: removes one identifier from a contact."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from contact_deletion.application import Application
from contact_deletion.deadline import Deadline
from contact_deletion.deletion.identifier import IdentifierDeletion
from contact_deletion.ledger.claim import Claim
from contact_deletion.ledger.claims import Claims
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.platform.deletion import DeletionPlatform
from contact_deletion.request.remove_identifier import RemoveIdentifier, parse

OPERATION = "remove_identifier"


def build(platform: DeletionPlatform) -> Application[RemoveIdentifier]:
    parts = platform.parts(OPERATION)
    layers = platform.ledger_layers(OPERATION)
    claims: Claims[RemoveIdentifier] = Claims(layers, parts.telemetry, parts.clock)
    deletion = IdentifierDeletion(parts.client, parts.telemetry, parts.clock)

    def remove(request: RemoveIdentifier, deadline: Deadline, claim: Claim) -> Accepted:
        return deletion.delete(
            request,
            deadline,
            sent_at=claim.sent_at,
            may_have_taken_effect=claim.may_have_taken_effect,
        )

    def settle(requests: Sequence[RemoveIdentifier], deadline: Deadline) -> list[DeletionOutcome]:
        return claims.settle(requests, remove, deadline)

    rejections = Rejections(layers.rejections, parts.threads)
    return Application(parts, parse=parse, settle=settle, rejections=rejections)


@cache
def application() -> Application[RemoveIdentifier]:
    """This execution environment's, made on first use."""
    return build(DeletionPlatform.of_lambda())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return application().handle(event, context)
