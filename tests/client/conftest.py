from collections.abc import Iterator

import pytest
import requests

from tests.client.support import Api
from tests.support.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(queues_and_ledger=False) as world:
        yield world


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


@pytest.fixture
def sent(world: World) -> list[requests.PreparedRequest]:
    """The requests that were answered, with the key: the double keeps it nowhere."""
    requests_sent: list[requests.PreparedRequest] = []

    def note(response: requests.Response, **_: object) -> None:
        requests_sent.append(response.request)

    world.runtime.session.hooks["response"].append(note)
    return requests_sent
