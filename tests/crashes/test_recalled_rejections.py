"""A delete-all that was reported as refused is not carried out when its message comes back."""

from tests.crashes.batches import Batch, Sent
from tests.crashes.calls import Way
from tests.crashes.run import run
from tests.support import events
from tests.support.events import contact_id
from tests.support.world import World


def _too_many_contacts(world: World) -> list[Sent]:
    """One more contact than the request allows; a job that is under way is about to delete it."""
    for number in range(2):
        world.double.account.add_contact(contact_id=contact_id(number), external_id="x")
    world.double.account.delete_contacts([contact_id(0)])
    return [Sent(events.delete_all(world.now(), max_contacts=1), "Rejected DeleteAllRefused")]


def test_a_lost_answer_to_the_dead_letter_does_not_carry_out_what_was_refused() -> None:
    batch = Batch("delete_all", _too_many_contacts)
    undisturbed = run(batch)
    assert [event["kind"] for event in undisturbed.events] == ["Rejected"]
    copy = undisturbed.names.index("sqs SendMessageBatch") + 1

    interrupted = run(batch, copy, Way.RESPONSE_LOST)
    assert {event["kind"] for event in interrupted.events} == {"Rejected"}
