"""What SendGrid's refusals become, through the handler: rejected with what to do, or deferred."""

import pytest

from local.sendgrid_double import Fault
from tests.support.events import bulk_delete, contact_id, sqs_event
from tests.support.world import World

REGIONAL = {
    "errors": [{"field": None, "message": "User is not authorized based on their regional attribute."}]
}


@pytest.mark.parametrize("fault", [Fault(status=451), Fault(status=403, body=REGIONAL)], ids=repr)
def test_key_of_another_region_is_rejected_at_once_and_undivided_with_what_to_do(
    world: World, fault: Fault
) -> None:
    world.double.faults.add(fault)

    requests = [bulk_delete([contact_id(number)]) for number in range(2)]
    assert world.bulk_delete(sqs_event(*requests, queue="BulkDeleteQueue")) == {"batchItemFailures": []}

    assert len(world.deletions()) == 1
    letters = world.dead_letters()
    assert [letter["ErrorCode"] for letter in letters] == ["SendGridRefused"] * 2
    assert all("use a global key and subuser" in letter["ErrorMessage"] for letter in letters)


def test_page_of_the_edge_rejects_nothing(world: World) -> None:
    ids = [world.new_contact() for _ in range(204)]
    world.double.faults.add(Fault(status=406, body="<html>Not Acceptable</html>"))
    batch = sqs_event(*(bulk_delete([contact]) for contact in ids), queue="BulkDeleteQueue")

    assert len(world.bulk_delete(batch)["batchItemFailures"]) == len(ids)

    assert world.dead_letters() == []
    assert {line["code"] for line in world.outcomes()} == {"SendGridUnavailable"}
    assert world.bulk_delete(batch) == {"batchItemFailures": []}


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_deferred_comes_back_when_sendgrid_says(
    world: World, visibility_timeouts: list[int], status: int
) -> None:
    world.context.remaining_seconds = 120
    world.double.faults.add(Fault(status=status, headers={"Retry-After": "600"}))
    world.bulk_delete(sqs_event(bulk_delete([contact_id(1)]), queue="BulkDeleteQueue"))
    assert visibility_timeouts == [600]
