"""What SendGrid's refusals become, through the handler: rejected with what to do, or deferred."""

import pytest

from local.sendgrid_double import Fault
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
