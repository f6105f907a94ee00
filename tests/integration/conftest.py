from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.dynamodb import on_event
from tests.support.world import World


@pytest.fixture
def visibility_timeouts(world: World) -> Iterator[list[int]]:
    """Fills with the timeouts, in seconds, that messages are given, in the order of the messages."""
    given: list[int] = []

    def watch(params: dict[str, Any], **_: Any) -> None:
        given.extend(entry["VisibilityTimeout"] for entry in params["Entries"])

    with on_event(world.runtime.sqs, "provide-client-params.sqs.ChangeMessageVisibilityBatch", watch):
        yield given
