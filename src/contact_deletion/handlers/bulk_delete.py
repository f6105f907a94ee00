"""BulkDeleteFunction: deletes contacts by their IDs, or by identifiers of theirs."""

from functools import cache, partial
from typing import Any

from contact_deletion.deletion.bulk import BulkDeletion
from contact_deletion.deletion.packing import TargetBudget
from contact_deletion.ledger.batch import BatchLedger
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.ledger.store import Stores
from contact_deletion.notifications.status_checks import StatusCheckQueue
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.bulk_deletion import BulkDelete, parse
from contact_deletion.runtime import DELETION, Runtime
from contact_deletion.sendgrid.client import SendGridClient

OPERATION = "bulk_delete"


def build(runtime: Runtime) -> QueueFunction[BulkDelete]:
    telemetry = runtime.telemetry(OPERATION)
    client = runtime.client(SendGridClient)
    stores = Stores(runtime.dynamodb, runtime.settings.ledger_table, OPERATION, runtime.sleep, runtime.clock)
    new_deletion = partial(
        BulkDeletion,
        client,
        telemetry,
        runtime.threads,
        runtime.clock,
        runtime.settings.consistency_window_seconds,
        TargetBudget(runtime.clock),
    )
    return QueueFunction(
        runtime,
        telemetry,
        client,
        parse=parse,
        process=BatchLedger(
            stores, telemetry, runtime.threads, new_deletion, partial(client.derived_key, b"ledger")
        ).process,
        status_checks=StatusCheckQueue(
            runtime.sqs, runtime.settings.deletion_status_queue_url, OPERATION, runtime.threads
        ),
        rejections=Rejections(stores.rejections, runtime.threads),
        as_retried=BulkDelete.as_retried,
    )


@cache
def function() -> QueueFunction[BulkDelete]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*DELETION))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for an SQS event and for a Step Functions task.

    Takes Lambda's SQS event, whose message bodies are requests, or one request:
    `{"contact_ids": [1 to 10,000 UUIDs]}` or
    `{"identifier_type": "EMAIL" | "PHONENUMBERID" | "EXTERNALID" | "ANONYMOUSID",
    "identifier_values": [1 to 1,000 texts]}` with an optional `match_alternate_emails`,
    and optionally `request_id` and, from a queue, `task_token`.

    Returns the batch item failures of an SQS event, and of a request `{"status": "accepted", "request_id", "job_ids",
    "contact_count", "replayed"}`, with `identifiers`
    and `contact_ids` of a request by identifiers, with a `note` where there was nothing to do. Raises any other
    outcome of a request. The name of its class is the name of the error (contact_deletion.errors).
    """
    return function().handle(event, context)
