"""The way of one bulk message through the code is short enough to be read."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import contact_deletion
from contact_deletion.handlers import bulk_delete
from local.simulation.context import Context
from local.simulation.in_turn import call_in_turn
from tests.integration.bulk import contacts, event
from tests.support import events
from tests.support.world import World

PACKAGE = str(Path(contact_deletion.__file__).parent)

MAX_FRAMES = 8
MAX_FILE_SWITCHES = 90


@contextmanager
def called_files() -> Iterator[list[str]]:
    """Fills with the file of each named function of the package that is called, in the order of the calls."""
    files: list[str] = []

    def note(frame: FrameType, kind: str, _: object) -> None:
        code = frame.f_code
        is_named = not code.co_name.startswith(
            "<"
        )  # later versions of Python make no frame for a comprehension
        if kind == "call" and is_named and code.co_filename.startswith(PACKAGE):
            files.append(code.co_filename)

    sys.setprofile(note)
    try:
        yield files
    finally:
        sys.setprofile(None)


def test_a_bulk_message_reaches_sendgrid_by_few_frames_and_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_in_turn(world.runtime)  # a call in a thread is then on the stack of the handler
    function = bulk_delete.build(world.runtime)
    monkeypatch.setattr(bulk_delete, "function", lambda: function)
    stacks: list[list[str]] = []
    send = world.runtime.session.request

    def request(*args: Any, **options: Any) -> Any:
        stacks.append(
            [
                f"{Path(frame.filename).name} {frame.name}"
                for frame in traceback.extract_stack()
                if frame.filename.startswith(PACKAGE)
            ]
        )
        return send(*args, **options)

    monkeypatch.setattr(world.runtime.session, "request", request)
    batch = event(events.bulk_delete(contacts(world, 1)))

    with called_files() as files:
        bulk_delete.handler(batch, Context())

    (stack,) = stacks
    assert stack[0] == "bulk_delete.py handler"
    assert len(stack) <= MAX_FRAMES, stack
    switches = sum(before != after for before, after in pairwise(files))
    assert switches <= MAX_FILE_SWITCHES
