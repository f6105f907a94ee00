from collections.abc import Iterator

import pytest

from tests.contact_list.support import PreparedLists
from tests.support.world import World, new_world


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(queues_and_ledger=False) as world:
        yield world


@pytest.fixture
def lists(world: World) -> PreparedLists:
    return PreparedLists(world)
