"""A connection that was kept open and died while Lambda had frozen the execution environment."""

from unittest.mock import patch

import pytest
import requests

from contact_deletion.errors import SendGridUnavailable
from contact_deletion.sendgrid.transport import DEAD_CONNECTION_SECONDS
from local.sendgrid_double import Fault
from tests.client.support import DELETIONS, EXPORTS, LOOK_UPS, Api, FailingAdapter
from tests.support.world import World

REPEATABLE = {"delete_contacts": DELETIONS["delete_contacts"]} | LOOK_UPS
NOT_REPEATABLE = {name: call for name, call in (DELETIONS | EXPORTS).items() if name not in REPEATABLE}
# To the client it is the same: the connection that it took from the pool ends without an answer.
DEAD = Fault(drop=True)


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_may_be_sent_twice_is_sent_again_at_once(world: World, api: Api, name: str) -> None:
    api.contact_count()
    world.double.faults.add(DEAD)
    before = world.clock()

    api.call(name)

    assert [request.status for request in world.double.requests[1:]] in ([None, 200], [None, 202])
    assert world.clock() == before
    assert api.client.take_usage().api_calls == 3


@pytest.mark.parametrize("name", NOT_REPEATABLE)
def test_what_may_not_be_sent_twice_is_not(world: World, api: Api, name: str) -> None:
    api.contact_count()
    world.double.faults.add(DEAD)

    with pytest.raises(SendGridUnavailable) as raised:
        api.call(name)

    assert raised.value.maybe_received
    assert len(world.double.requests) == 2


def test_it_is_sent_again_only_once(world: World, api: Api) -> None:
    api.contact_count()
    world.double.faults.add(Fault(drop=True, times=3))

    for _ in range(2):
        with pytest.raises(SendGridUnavailable):
            api.contact_count()

    assert [request.status for request in world.double.requests] == [200, None, None, None]


def test_other_connections_of_the_pool_are_not_used_after_it(world: World, api: Api) -> None:
    api.contact_count()
    world.double.faults.add(DEAD)
    with patch.object(world.runtime.session, "close", wraps=world.runtime.session.close) as close:
        api.contact_count()
    close.assert_called_once_with()


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        pytest.param(requests.ReadTimeout("x"), 0, id="no answer in time"),
        pytest.param(requests.ConnectTimeout("x"), 0, id="no connection in time"),
        pytest.param(requests.ConnectionError("x"), DEAD_CONNECTION_SECONDS + 1, id="an end after a while"),
    ],
)
def test_what_is_no_dead_connection_is_an_outage(
    world: World, api: Api, error: requests.RequestException, seconds: float
) -> None:
    api.contact_count()
    adapter = FailingAdapter(error, lambda: world.clock.advance(seconds))
    world.runtime.session.mount("http://", adapter)

    with pytest.raises(SendGridUnavailable):
        api.contact_count()

    assert len(adapter.timeouts) == 1
