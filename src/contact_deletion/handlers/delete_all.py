"""DeleteAllFunction: deletes every contact of the account."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from contact_deletion.application import Application
from contact_deletion.deadline import Deadline
from contact_deletion.deletion.delete_all import DeleteAllDeletion
from contact_deletion.ledger.claims import Claims
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.outcomes import DeletionOutcome
from contact_deletion.platform.deletion import DeletionPlatform
from contact_deletion.request.delete_all import DeleteAll, parse

OPERATION = "delete_all"


def build(platform: DeletionPlatform) -> Application[DeleteAll]:
    parts = platform.parts(OPERATION)
    layers = platform.ledger_layers(OPERATION)
    claims: Claims[DeleteAll] = Claims(layers, parts.telemetry, parts.clock)
    deletion = DeleteAllDeletion(
        parts.client,
        parts.telemetry,
        parts.clock,
        enabled=parts.settings.delete_all_enabled,
        max_age_seconds=parts.settings.delete_all_max_age_seconds,
    )

    def settle(requests: Sequence[DeleteAll], deadline: Deadline) -> list[DeletionOutcome]:
        return claims.settle(
            requests,
            lambda request, deadline, claim: deletion.delete(request, deadline, claim.make_permanent),
            deadline,
        )

    rejections = Rejections(layers.rejections, parts.threads)
    return Application(parts, parse=parse, settle=settle, rejections=rejections)


@cache
def application() -> Application[DeleteAll]:
    """This execution environment's, made on first use."""
    return build(DeletionPlatform.of_lambda())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return application().handle(event, context)
