from collections.abc import Callable, Iterator

import pytest
import requests

from contact_deletion.deadline import Deadline
from tests.client.support import Known, WholeClient
from tests.support.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(queues_and_ledger=False) as world:
        yield world


@pytest.fixture
def new_client(world: World) -> Callable[[], WholeClient]:
    """Makes a client as a new execution environment does, from the world's settings as they are then."""
    return lambda: world.runtime.client(WholeClient)


@pytest.fixture
def client(new_client: Callable[[], WholeClient]) -> WholeClient:
    return new_client()


@pytest.fixture
def deadline(world: World) -> Deadline:
    return Deadline.of(world.context, world.clock)


@pytest.fixture
def known(world: World) -> Known:
    return Known.to(world.double.account)


@pytest.fixture
def contact(known: Known) -> str:
    """A contact that can lose its e-mail address."""
    return known.contact


@pytest.fixture
def sent(world: World) -> list[requests.PreparedRequest]:
    """The requests that were answered, with the key: the double keeps it nowhere."""
    requests_sent: list[requests.PreparedRequest] = []

    def note(response: requests.Response, **_: object) -> None:
        requests_sent.append(response.request)

    world.runtime.session.hooks["response"].append(note)
    return requests_sent
