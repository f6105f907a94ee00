"""RemoveIdentifierFunction: removes one identifier from a contact."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.identifier import IdentifierDeletion
from contact_deletion.ledger.claim import Claim
from contact_deletion.ledger.claims import Claims
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.platform.deletion import DeletionPlatform
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.identifier_removal import RemoveIdentifier, parse

OPERATION = "remove_identifier"


def build(platform: DeletionPlatform) -> QueueFunction[RemoveIdentifier]:
    parts = platform.parts(OPERATION)
    stores = platform.ledger_stores(OPERATION)
    claims: Claims[RemoveIdentifier] = Claims(stores, parts.telemetry, parts.clock)
    deletion = IdentifierDeletion(parts.client, parts.telemetry, parts.clock)

    def remove(request: RemoveIdentifier, deadline: Deadline, claim: Claim) -> Accepted:
        return deletion.delete(
            request,
            deadline,
            sent_at=claim.sent_at,
            may_have_taken_effect=claim.may_have_taken_effect,
        )

    def process(requests: Sequence[RemoveIdentifier], deadline: Deadline) -> list[DeletionOutcome]:
        return claims.process(requests, remove, deadline)

    rejections = Rejections(stores.rejections, parts.threads)
    return QueueFunction(parts, parse=parse, process=process, rejections=rejections)


@cache
def function() -> QueueFunction[RemoveIdentifier]:
    """This execution environment's, made on first use."""
    return build(DeletionPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return function().handle(event, context)
