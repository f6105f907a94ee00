"""DeleteAllFunction: deletes every contact of the account."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.account import AccountDeletion
from contact_deletion.ledger.claims import Claims
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.outcomes import DeletionOutcome
from contact_deletion.platform.deletion import DeletionPlatform
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.account_deletion import DeleteAll, parse

OPERATION = "delete_all"


def build(platform: DeletionPlatform) -> QueueFunction[DeleteAll]:
    parts = platform.parts(OPERATION)
    stores = platform.ledger_stores(OPERATION)
    claims: Claims[DeleteAll] = Claims(stores, parts.telemetry, parts.clock)
    deletion = AccountDeletion(
        parts.client,
        parts.telemetry,
        parts.clock,
        enabled=parts.settings.delete_all_enabled,
        max_age_seconds=parts.settings.delete_all_max_age_seconds,
    )

    def process(requests: Sequence[DeleteAll], deadline: Deadline) -> list[DeletionOutcome]:
        return claims.process(
            requests,
            lambda request, deadline, claim: deletion.delete(request, deadline, claim.make_permanent),
            deadline,
        )

    rejections = Rejections(stores.rejections, parts.threads)
    return QueueFunction(parts, parse=parse, process=process, rejections=rejections)


@cache
def function() -> QueueFunction[DeleteAll]:
    """This execution environment's, made on first use."""
    return build(DeletionPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return function().handle(event, context)
