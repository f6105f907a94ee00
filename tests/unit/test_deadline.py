import pytest

from contact_deletion.deadline import RESERVED_SECONDS, Deadline
from local.simulation.context import Context
from tests.support.clock import FakeClock


def test_time_for_calls_runs_out_before_the_invocation_does() -> None:
    clock = FakeClock()
    deadline = Deadline.of(Context(remaining_seconds=100), clock)
    assert deadline.invocation_ends == pytest.approx(clock() + 100)
    assert deadline.remaining() == pytest.approx(100 - RESERVED_SECONDS)
    clock.advance(60)
    assert deadline.remaining() == pytest.approx(40 - RESERVED_SECONDS)
    clock.advance(140)
    assert deadline.remaining() < 0
