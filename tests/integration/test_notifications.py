"""Whatever goes wrong in between, each message ends, and its outcome is reported."""

from collections import Counter
from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import STAYS, contacts
from tests.support.dynamodb import FailingCalls
from tests.support.events import bulk_delete, contact_id, sqs_event, status_check
from tests.support.world import STATUS_QUEUE, World

MOST_DELIVERIES = 20


def delivered_until_gone(world: World, function: Any, batch: dict[str, Any]) -> None:
    """As a queue does: what the function reports comes back, in a batch of its own."""
    for _ in range(MOST_DELIVERIES):
        stays = {each["itemIdentifier"] for each in function(batch)["batchItemFailures"]}
        batch = {"Records": [record for record in batch["Records"] if record["messageId"] in stays]}
        if not stays:
            return
        world.clock.advance(60)
    raise AssertionError("some message never ends")


@pytest.mark.parametrize("ending", [None, "errored", "failed", "completed", "pending"])
def test_every_message_ends_in_exactly_one_event_however_its_job_ends(world: World, ending: Any) -> None:
    """Two calls, of which the second is done at the second try: the first 34 requests fill the first."""
    if ending:
        world.double.account.force_next_jobs(ending, 2)
    requests = [
        *(bulk_delete(contacts(world, 6), task_token=f"token-{number}") for number in range(40)),
        *("not JSON",) * 5,
        {"task_token": "token-of-an-invalid-request"},
    ]
    world.double.faults.add(Fault(method="DELETE"))
    world.double.faults.add(Fault(method="DELETE", status=503))
    batch = sqs_event(*requests, queue="BulkDeleteQueue")

    delivered_until_gone(world, world.bulk_delete, batch)
    world.clock.advance(24 * 3600)
    status_batch = sqs_event(*world.status_messages(), queue=STATUS_QUEUE)
    world.double.faults.add(Fault(method="GET"))
    world.double.faults.add(Fault(method="GET", status=500))
    delivered_until_gone(world, world.deletion_status, status_batch)

    reported = Counter(event["message_id"] for event in world.outcome_events())
    assert reported == {record["messageId"]: 1 for record in batch["Records"]}
    answered = Counter(response["taskToken"] for response in world.task_responses)
    assert answered == {request["task_token"]: 1 for request in requests if isinstance(request, dict)}
    assert len(world.dead_letters()) == 6
    deleted = Counter(contact for call in world.deletions() if call.status == 202 for contact in call.ids)
    assert (len(deleted), set(deleted.values())) == (240, {1})
    assert world.double.faults.pending() == []


def test_one_unpublished_request_of_a_job_does_not_delay_the_others(world: World) -> None:
    """The message comes back whole, so the others are reported once more: at least once is what is promised."""
    job = world.double.account.delete_contacts([contact_id(1)])
    world.jobs_end()
    message = status_check([job.id], {"request_id": "waits", "task_token": "token"}, {"request_id": "other"})
    batch = sqs_event(message, queue=STATUS_QUEUE)

    with FailingCalls(world.runtime.step_functions, "SendTaskSuccess", "InternalError", service="sfn"):
        assert world.deletion_status(batch) == STAYS
    first = [event["request_id"] for event in world.outcome_events()]
    world.deletion_status(batch)

    assert first == ["other"]
    assert sorted(event["request_id"] for event in world.outcome_events()) == ["other", "waits"]
    assert [response["taskToken"] for response in world.task_responses] == ["token"]
