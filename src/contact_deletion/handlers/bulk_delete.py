"""BulkDeleteFunction: deletes contacts by their ids."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.bulk import BulkDeletion
from contact_deletion.ledger.batch import BatchLedger
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.outcomes import DeletionOutcome
from contact_deletion.platform.deletion import DeletionPlatform
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.bulk_deletion import BulkDelete, parse

OPERATION = "bulk_delete"


def build(platform: DeletionPlatform) -> QueueFunction[BulkDelete]:
    parts = platform.parts(OPERATION)
    stores = platform.ledger_stores(OPERATION)
    ledger = BatchLedger(stores, parts.telemetry, parts.threads)
    deletion = BulkDeletion(
        parts.client, parts.telemetry, parts.threads, parts.clock, parts.settings.consistency_window_seconds
    )

    def process(requests: Sequence[BulkDelete], deadline: Deadline) -> list[DeletionOutcome]:
        return ledger.process(requests, lambda pending, before: deletion.delete(pending, before, deadline))

    rejections = Rejections(stores.rejections, parts.threads)
    return QueueFunction(
        parts, parse=parse, process=process, rejections=rejections, as_retried=BulkDelete.as_retried
    )


@cache
def function() -> QueueFunction[BulkDelete]:
    """This execution environment's, made on first use."""
    return build(DeletionPlatform.from_environment())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return function().handle(event, context)
