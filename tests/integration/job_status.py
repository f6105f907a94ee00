"""What the tests share that follow jobs to their end."""

import json
from collections.abc import Sequence
from typing import Any

from local.sendgrid_double import Fault
from tests.support.events import bulk_delete, sqs_event, status_check
from tests.support.world import STATUS_QUEUE, World

JOB_ROUTE = "/v3/marketing/contacts/imports/{job_id}"
LOOK_UP_ROUTE = "/v3/marketing/contacts/batch"
MINUTE, HOUR = 60.0, 3600.0
STAYS = {"batchItemFailures": [{"itemIdentifier": "00000000-0000-0000-0000-000000000001"}]}
GOES: dict[str, Any] = {"batchItemFailures": []}


def accept(world: World, *requests: Sequence[str]) -> dict[str, Any]:
    """Has these contacts deleted, a request each, and gives the batch that DeletionStatusFunction gets of it.

    The requests are named `order-0`, `order-1` and so on.
    """
    named = [bulk_delete(ids, request_id=f"order-{number}") for number, ids in enumerate(requests)]
    assert world.bulk_delete(sqs_event(*named, queue="BulkDeleteQueue")) == GOES
    return sqs_event(*world.status_messages(), queue=STATUS_QUEUE)


def contacts(world: World, number: int) -> list[str]:
    return [world.new_contact() for _ in range(number)]


def status_batch(*messages: object) -> dict[str, Any]:
    """A batch of DeletionStatusFunction's."""
    return sqs_event(*messages, queue=STATUS_QUEUE)


def ended(
    world: World,
    *requests: Sequence[str],
    ending: Any = None,
    after: float = HOUR,
    fault: Fault | None = None,
) -> dict[str, dict[str, Any]]:
    """Has these contacts deleted, a request each, by jobs that end so; the outcome event of each, so much later."""
    if ending:
        world.double.account.force_next_jobs(ending, 10)
    batch = accept(world, *requests)
    world.clock.advance(after)
    if fault:
        world.double.faults.add(fault)
    assert world.deletion_status(batch) == GOES
    return ends(world)


def listed(*contact_ids: str) -> dict[str, Any]:
    """What an event says of these contacts."""
    return {"count": len(contact_ids), "contact_ids": list(contact_ids), "truncated": False}


def ends(world: World) -> dict[str, dict[str, Any]]:
    """The outcome event of each request."""
    events = world.outcome_events()
    by_request = {event["request_id"]: event for event in events}
    assert len(by_request) == len(events), "one event for each request"
    return by_request


def kinds(world: World) -> dict[str, str]:
    return {request: event["kind"] for request, event in ends(world).items()}


def followed(world: World, *, ending: Any, name: str, number: int = 1) -> dict[str, Any]:
    """The status check of a request with a job of its own."""
    if ending:
        world.double.account.force_next_jobs(ending)
    ids = contacts(world, number)
    job = world.double.account.delete_contacts(ids)
    return status_check(
        [job.id],
        {"request_id": name, "contact_ids": ids, "operation": "bulk_delete"},
        accepted_at=world.now(),
    )


def jobs_of(batch: dict[str, Any]) -> list[list[str]]:
    """The jobs of each message, in the order of the requests."""
    messages = [json.loads(record["body"]) for record in batch["Records"]]
    return [message["job_ids"] for message in sorted(messages, key=lambda m: m["requests"][0]["request_id"])]
