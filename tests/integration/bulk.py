"""What the tests of bulk deletion have in common."""

from contact_deletion.errors import NotAccepted
from tests.support.events import contact_id, sqs_event
from tests.support.world import World

QUEUE = "BulkDeleteQueue"


def event(*requests: object, receive_count: int = 1) -> dict[str, object]:
    return sqs_event(*requests, queue=QUEUE, receive_count=receive_count)


def failed(response: dict[str, list[dict[str, str]]]) -> list[int]:
    """The numbers of the messages that stay in the queue."""
    return sorted(int(item["itemIdentifier"][-12:], 16) for item in response["batchItemFailures"])


def contacts(world: World, count: int, start: int = 0) -> list[str]:
    """The IDs of so many contacts that exist, numbered from `start`."""
    return [
        world.double.account.add_contact(external_id="x", contact_id=contact_id(number))
        for number in range(start, start + count)
    ]


def refused_at_once(world: World) -> None:
    """What SendGrid refuses although it shows the contact is rejected without waiting for the lookup to change."""
    world.change_settings(consistency_window_seconds=0)


def refusals(world: World) -> list[int]:
    """The statuses of the deletions and lookups that SendGrid refused."""
    calls = [*world.deletions(), *world.contact_looks()]
    return [call.status for call in calls if call.status and 400 <= call.status < 500]


def accepted_ids(world: World) -> list[str]:
    """The IDs of every deletion that SendGrid accepted, as often as they were."""
    return [contact_id for call in world.deletions() if call.status == 202 for contact_id in call.ids]


def outcome_of(world: World, request: dict[str, object]) -> dict[str, object] | NotAccepted:
    """The response to a direct invocation, or what it raises."""
    try:
        response: dict[str, object] = world.bulk_delete(request)
    except NotAccepted as not_accepted:
        return not_accepted
    return response
