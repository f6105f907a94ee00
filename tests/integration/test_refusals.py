"""What SendGrid's refusals become, through the handler: rejected with what to do, or deferred."""

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, LOOK_UP_ROUTE, STAYS, accept, contacts, kinds
from tests.support.events import bulk_delete, contact_id, sqs_event
from tests.support.world import World

REGIONAL = {
    "errors": [{"field": None, "message": "User is not authorized based on their regional attribute."}]
}


@pytest.mark.parametrize("fault", [Fault(status=451), Fault(status=403, body=REGIONAL)], ids=repr)
def test_key_of_another_region_is_rejected_at_once_with_what_to_do(world: World, fault: Fault) -> None:
    world.double.faults.add(fault)

    response = world.bulk_delete(sqs_event(bulk_delete([contact_id(1)]), queue="BulkDeleteQueue"))

    assert response == {"batchItemFailures": []}
    (letter,) = world.dead_letters()
    assert letter["ErrorCode"] == "SendGridRefused"
    assert "use a global key and subuser" in letter["ErrorMessage"]


def test_page_of_the_edge_rejects_nothing(world: World) -> None:
    ids = [world.new_contact() for _ in range(204)]
    world.double.faults.add(Fault(status=406, body="<html>Not Acceptable</html>"))
    batch = sqs_event(*(bulk_delete([contact]) for contact in ids), queue="BulkDeleteQueue")

    assert len(world.bulk_delete(batch)["batchItemFailures"]) == len(ids)

    assert world.dead_letters() == []
    assert {line["code"] for line in world.outcomes()} == {"SendGridUnavailable"}
    assert world.bulk_delete(batch) == {"batchItemFailures": []}


def test_page_of_the_edge_does_not_complete_what_was_not_deleted(world: World) -> None:
    world.double.account.force_next_jobs("completed")
    batch = accept(world, contacts(world, 4))
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=404, body="<html>Not Found</html>"))

    assert world.deletion_status(batch) == STAYS
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Failed"}


def test_outage_comes_back_when_sendgrid_says(world: World, visibility_timeouts: list[int]) -> None:
    world.double.faults.add(Fault(status=503, headers={"Retry-After": "600"}))

    world.bulk_delete(sqs_event(bulk_delete([contact_id(1)]), queue="BulkDeleteQueue"))

    assert visibility_timeouts == [600]


def test_429_comes_back_when_sendgrid_says(world: World, visibility_timeouts: list[int]) -> None:
    world.context.remaining_seconds = 120
    world.double.faults.add(Fault(status=429, headers={"Retry-After": "600"}))

    world.bulk_delete(sqs_event(bulk_delete([contact_id(1)]), queue="BulkDeleteQueue"))

    assert visibility_timeouts == [600]
