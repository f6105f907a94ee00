"""How near a large list comes to the rate limit: its batches side by side, in simulated time.

The clients' own rate limit windows and the double's are used; calls and jobs take the time that is given.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from contact_deletion.sendgrid.polling import FIRST_POLL_SECONDS
from contact_deletion.sendgrid.rate_limit import RateLimit
from local.aws.template import TEMPLATE, load_template
from local.sendgrid_double import RateLimit as Limit
from local.sendgrid_double.rate_limit import RateLimiter
from tests.support.clock import FakeClock

CALLS_PER_BATCH = 20
LATENCY_SECONDS = 0.2
BATCHES = 200
CALLS = BATCHES * CALLS_PER_BATCH


class Simulation:
    """`concurrency` batches at a time, each in an execution environment of its own, until all have been accepted."""

    def __init__(self, limit: Limit, concurrency: int) -> None:
        self.clock = FakeClock(1_800_000_000.0)
        self.sendgrid = RateLimiter(self.clock, limit)
        self.accepted = self.refused = 0
        self.batches_left = BATCHES
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = itertools.count()
        for _ in range(concurrency):
            Environment(self).next_batch()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.clock() + seconds, next(self._number), act))

    def run(self) -> float:
        """The seconds until the last call was accepted."""
        began = last = self.clock()
        while self._events:
            at, _, act = heapq.heappop(self._events)
            self.clock.advance(max(0.0, at - self.clock()))
            before = self.accepted
            act()
            last = self.clock() if self.accepted > before else last
        return last - began


class Environment:
    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._limit = RateLimit(simulation.clock)
        self._calls_left = self._in_flight = 0

    def next_batch(self) -> None:
        if self._simulation.batches_left:
            self._simulation.batches_left -= 1
            self._calls_left = CALLS_PER_BATCH
            self._proceed()

    def _proceed(self) -> None:
        while self._calls_left and self._limit.try_acquire(self._in_flight):
            self._calls_left -= 1
            self._in_flight += 1
            allowance = self._simulation.sendgrid.take("DELETE contacts")
            self._simulation.after(LATENCY_SECONDS, lambda taken=allowance: self._answered(taken))  # type: ignore[misc]
        if self._calls_left and not self._in_flight:
            self._simulation.after(self._limit.seconds_until_reset(), self._proceed)

    def _answered(self, allowance: Any) -> None:
        self._in_flight -= 1
        self._limit.update_from_headers(allowance.headers, refused=allowance.exceeded)
        if allowance.exceeded:
            self._calls_left += 1
            self._simulation.refused += 1
        else:
            self._simulation.accepted += 1
        if self._calls_left:
            self._proceed()
        elif not self._in_flight:
            self._simulation.after(FIRST_POLL_SECONDS, self.next_batch)


@pytest.mark.parametrize("aligned", [True, False])
def test_a_large_list_reaches_nine_tenths_of_the_rate_limit(aligned: bool) -> None:
    limit = Limit(limit=600, window_seconds=60, reset="seconds", aligned=aligned)
    concurrency = int(load_template(TEMPLATE).parameters["ListConcurrency"])
    simulation = Simulation(limit, concurrency)

    seconds = simulation.run()

    assert simulation.accepted == CALLS
    assert simulation.refused <= 0.12 * CALLS
    # The last window need not be full.
    assert CALLS // limit.limit * limit.window_seconds >= 0.9 * seconds
