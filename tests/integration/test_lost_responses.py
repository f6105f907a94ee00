"""A call to DynamoDB that took effect, and that botocore repeats because the answer to it was lost, changes nothing."""

from unittest.mock import Mock

import pytest

from contact_deletion.errors import Deferred, RequestInProgress, SendGridRefused
from local.sendgrid_double import Fault
from tests.integration.operations import Killed, deletions_raise, request_of
from tests.support.dynamodb import lost_responses
from tests.support.world import World

CLAIM, MARK, RECORD = "attribute_not_exists", "sender_ends_at", "COMPLETED"


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        ("delete_all", CLAIM),
        ("delete_all", MARK),
        ("delete_all", RECORD),
        ("remove_identifier", CLAIM),
        ("remove_identifier", RECORD),
    ],
)
def test_a_repeated_write_is_the_writers_own(world: World, operation: str, write: str) -> None:
    request = request_of(world, operation, request_id="one")

    with lost_responses(world.runtime.dynamodb, "UpdateItem", write, Mock()) as sent:
        first = getattr(world, operation)(request)

    assert sent == [sent[0], sent[0]]
    assert getattr(world, operation)(request) == first | {"replayed": True}
    assert [line["message"] for line in world.log_lines() if line["level"] != "INFO"] == []
    assert len(world.deletions()) == 1


@pytest.mark.parametrize("operation", ["delete_all", "remove_identifier"])
def test_a_repeated_release_leaves_the_claim_of_another_invocation(world: World, operation: str) -> None:
    request = request_of(world, operation, request_id="one")
    world.double.faults.add(Fault(method="DELETE", status=400))

    def another_invocation_dies() -> None:
        with deletions_raise(world, Killed, after_sending=True), pytest.raises(Killed):
            getattr(world, operation)(request)

    lost = lost_responses(world.runtime.dynamodb, "DeleteItem", "", another_invocation_dies)
    with lost as sent, pytest.raises(SendGridRefused):
        getattr(world, operation)(request)
    with pytest.raises(RequestInProgress):
        getattr(world, operation)(request)

    assert sent == [sent[0], sent[0]]
    assert [call.status for call in world.deletions()] == [400, 202]


def test_a_repeated_release_of_an_uncertain_send_keeps_it(world: World) -> None:
    request = request_of(world, "remove_identifier", request_id="one")
    world.double.faults.add(Fault(method="DELETE", drop=True, takes_effect=True))

    with lost_responses(world.runtime.dynamodb, "UpdateItem", "sent_at", Mock()) as sent:
        for _ in range(3):
            with pytest.raises(Deferred):
                world.remove_identifier(request)

    assert sent[:2] == [sent[0], sent[0]]
    assert len(world.deletions()) == 1
