import pytest

from contact_deletion.deadline import RESERVED_SECONDS, Deadline
from tests.support.clock import FakeClock
from tests.support.context import Context


def test_time_for_calls_ends_before_the_invocation_does() -> None:
    deadline = Deadline.of(Context(remaining_seconds=100), FakeClock())
    assert deadline.remaining() == pytest.approx(100 - RESERVED_SECONDS)


def test_it_comes_nearer_as_time_passes() -> None:
    clock = FakeClock()
    deadline = Deadline.of(Context(remaining_seconds=100), clock)
    clock.advance(60)
    assert deadline.remaining() == pytest.approx(40 - RESERVED_SECONDS)


def test_once_past_there_is_less_than_no_time_for_calls() -> None:
    clock = FakeClock()
    deadline = Deadline.of(Context(remaining_seconds=100), clock)
    clock.advance(200)
    assert deadline.remaining() < 0


def test_it_says_when_lambda_stops_the_process() -> None:
    clock = FakeClock()
    assert Deadline.of(Context(remaining_seconds=100), clock).invocation_ends == pytest.approx(clock() + 100)
