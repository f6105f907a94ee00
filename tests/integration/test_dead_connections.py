"""An execution environment that was frozen so long that its connection to SendGrid died."""

from local.sendgrid_double import Fault
from tests.support.events import bulk_delete, sqs_event
from tests.support.world import World


def test_batch_after_a_long_pause_is_accepted_at_once(world: World) -> None:
    ids = [world.new_contact() for _ in range(3)]
    first, *rest = (bulk_delete([contact]) for contact in ids)
    world.bulk_delete(sqs_event(first, queue="BulkDeleteQueue"))
    world.clock.advance(3600)
    world.double.faults.add(Fault(method="DELETE", drop=True))

    assert world.bulk_delete(sqs_event(*rest, queue="BulkDeleteQueue")) == {"batchItemFailures": []}

    assert [call.status for call in world.deletions()] == [202, None, 202]
    world.jobs_end()
    assert len(world.double.account) == 0
