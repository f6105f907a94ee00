"""DeleteAllFunction: deletes every contact of the account."""

from functools import cache
from typing import Any

from contact_deletion.deletion.account import AccountDeletion
from contact_deletion.ledger.claims import Claims
from contact_deletion.ledger.rejections import Rejections
from contact_deletion.ledger.store import Stores
from contact_deletion.notifications.status_checks import StatusCheckQueue
from contact_deletion.queue_function import QueueFunction
from contact_deletion.requests.account_deletion import DeleteAll, parse
from contact_deletion.runtime import DELETION, Runtime
from contact_deletion.sendgrid.client import SendGridClient

OPERATION = "delete_all"


def build(runtime: Runtime) -> QueueFunction[DeleteAll]:
    telemetry = runtime.telemetry(OPERATION)
    client = runtime.client(SendGridClient)
    stores = Stores(runtime.dynamodb, runtime.settings.ledger_table, OPERATION, runtime.sleep, runtime.clock)
    deletion = AccountDeletion(
        client,
        telemetry,
        runtime.clock,
        enabled=runtime.settings.delete_all_enabled,
        max_age_seconds=runtime.settings.delete_all_max_age_seconds,
    )
    return QueueFunction(
        runtime,
        telemetry,
        client,
        parse=parse,
        process=Claims(stores, telemetry, runtime.clock, deletion.delete).process,
        status_checks=StatusCheckQueue(
            runtime.sqs, runtime.settings.deletion_status_queue_url, OPERATION, runtime.threads
        ),
        rejections=Rejections(stores.rejections, runtime.threads),
    )


@cache
def function() -> QueueFunction[DeleteAll]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*DELETION))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for an SQS event and for a Step Functions task.

    Takes Lambda's SQS event, whose message bodies are requests, or one request:
    `{"request_id", "confirm": "Delete All Contacts", "requested_at": ISO 8601 with offset, "max_contacts": int}`
    and optionally, from a queue, `task_token`.

    Returns the batch item failures of an SQS event, and of a request `{"status": "accepted", "request_id", "job_ids",
    "contact_count", "replayed"}`, with a `note` where there was nothing to do. Raises any other
    outcome of a request. The name of its class is the name of the error (contact_deletion.errors).
    """
    return function().handle(event, context)
