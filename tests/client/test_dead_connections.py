"""A connection that was kept open and died while Lambda had frozen the execution environment."""

import pytest
import requests

from contact_deletion.deadline import Deadline
from contact_deletion.errors import SendGridUnavailable
from contact_deletion.sendgrid.transport import DEAD_CONNECTION_SECONDS
from local.sendgrid_double import Fault
from tests.client.support import DELETIONS, EXPORTS, LOOK_UPS, OPERATIONS, FailingAdapter, Known, WholeClient
from tests.support.world import World

REPEATABLE = {"delete_contacts": DELETIONS["delete_contacts"]} | LOOK_UPS
NOT_REPEATABLE = {name: call for name, call in (DELETIONS | EXPORTS).items() if name not in REPEATABLE}
DEAD = Fault(drop=True)
"""To the client it is the same: the connection that it took from the pool ends without an answer."""


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_may_be_sent_twice_is_sent_again_at_once(
    world: World, client: WholeClient, known: Known, deadline: Deadline, name: str
) -> None:
    client.contact_count(deadline)
    world.double.faults.add(DEAD)
    before = world.clock()

    OPERATIONS[name](client, known, deadline)

    assert [request.status for request in world.double.requests[1:]] in ([None, 200], [None, 202])
    assert world.clock() == before
    assert client.take_usage().api_calls == 3


@pytest.mark.parametrize("name", NOT_REPEATABLE)
def test_what_may_not_be_sent_twice_is_not(
    world: World, client: WholeClient, known: Known, deadline: Deadline, name: str
) -> None:
    client.contact_count(deadline)
    world.double.faults.add(DEAD)

    with pytest.raises(SendGridUnavailable) as raised:
        OPERATIONS[name](client, known, deadline)

    assert raised.value.maybe_received
    assert len(world.double.requests) == 2


def test_it_is_sent_again_only_once(world: World, client: WholeClient, deadline: Deadline) -> None:
    client.contact_count(deadline)
    world.double.faults.add(Fault(drop=True, times=3))

    for _ in range(2):
        with pytest.raises(SendGridUnavailable):
            client.contact_count(deadline)

    assert [request.status for request in world.double.requests] == [200, None, None, None]


def test_other_connections_of_the_pool_are_not_used_after_it(
    world: World, client: WholeClient, deadline: Deadline
) -> None:
    closed: list[None] = []
    close = world.runtime.session.close

    def note() -> None:
        closed.append(None)
        close()

    world.runtime.session.close = note  # type: ignore[method-assign]
    client.contact_count(deadline)
    world.double.faults.add(DEAD)
    client.contact_count(deadline)
    assert closed == [None]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        pytest.param(requests.ReadTimeout("x"), 0, id="no answer in time"),
        pytest.param(requests.ConnectTimeout("x"), 0, id="no connection in time"),
        pytest.param(requests.ConnectionError("x"), DEAD_CONNECTION_SECONDS + 1, id="an end after a while"),
    ],
)
def test_what_is_no_dead_connection_is_an_outage(
    world: World,
    client: WholeClient,
    deadline: Deadline,
    error: requests.RequestException,
    seconds: float,
) -> None:
    client.contact_count(deadline)
    adapter = FailingAdapter(error, lambda: world.clock.advance(seconds))
    world.runtime.session.mount("http://", adapter)

    with pytest.raises(SendGridUnavailable):
        client.contact_count(deadline)

    assert len(adapter.timeouts) == 1
