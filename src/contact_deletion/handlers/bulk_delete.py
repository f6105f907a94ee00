"""BulkDeleteFunction: deletes contacts by their ids."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from contact_deletion.application import Application
from contact_deletion.deadline import Deadline
from contact_deletion.deletion.bulk import BulkDeletion
from contact_deletion.ledger.batch import BatchLedger
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.outcomes import DeletionOutcome
from contact_deletion.platform.deletion import DeletionPlatform
from contact_deletion.request.bulk_delete import BulkDelete, parse

OPERATION = "bulk_delete"


def build(platform: DeletionPlatform) -> Application[BulkDelete]:
    parts = platform.parts(OPERATION)
    layers = platform.ledger_layers(OPERATION)
    ledger = BatchLedger(layers, parts.telemetry, parts.threads)
    deletion = BulkDeletion(
        parts.client, parts.telemetry, parts.threads, parts.clock, parts.settings.consistency_window_seconds
    )

    def settle(requests: Sequence[BulkDelete], deadline: Deadline) -> list[DeletionOutcome]:
        return ledger.settle(requests, lambda pending, before: deletion.delete(pending, before, deadline))

    rejections = Rejections(layers.rejections, parts.threads)
    return Application(
        parts, parse=parse, settle=settle, rejections=rejections, as_retried=BulkDelete.as_retried
    )


@cache
def application() -> Application[BulkDelete]:
    """This execution environment's, made on first use."""
    return build(DeletionPlatform.of_lambda())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: an SQS event, or a request as a Step Functions task sends it."""
    return application().handle(event, context)
