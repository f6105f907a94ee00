"""One run in simulated time."""

import heapq
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchmarks.aws_stand_in import AwsStandIn
from benchmarks.redelivery import VisibilityTimeouts, redelivery
from benchmarks.sendgrid import Received
from benchmarks.simulation.function import Delivered, SimulatedFunction
from benchmarks.simulation.sendgrid import contact_id
from benchmarks.workload import Event, Record, batches, messages
from local.sendgrid_double import RateLimit


@dataclass(frozen=True)
class Work:
    """`contacts` in messages of `ids_per_message`, for one consumer."""

    contacts: int
    ids_per_message: int
    limit: RateLimit


@dataclass(frozen=True)
class SimulatedRun:
    """`seconds` are from the first delivery to the last 202; `peak_mb` is the peak so far after each batch."""

    seconds: float
    sendgrid: Received
    peak_mb: tuple[float, ...]


def simulate(work: Work, aws: AwsStandIn) -> SimulatedRun:
    """Raises Incomplete."""
    aws.reset()
    with SimulatedFunction() as function:
        began = function.start(aws.url, work.contacts, work.limit)
        queue = _Queue(batches(_messages(work)), aws.visibility_timeouts, function.sleep, began)
        peaks = []
        for event in queue.deliveries():
            delivered = function.deliver(json.dumps(event))
            queue.answered(event, delivered)
            peaks.append(delivered.peak_mb)
        received = function.received()
    received.require(work.contacts, of="simulated")
    return SimulatedRun(received.last_accepted_at - began, received, tuple(peaks))


def _messages(work: Work) -> Iterator[Record]:
    for start in range(0, work.contacts, work.ids_per_message):
        numbers = range(start, min(start + work.ids_per_message, work.contacts))
        yield from messages([contact_id(number) for number in numbers], work.ids_per_message, first=start)


class _Queue:
    """What came back goes first, once its visibility timeout is over; this is skipped where nothing else is left."""

    def __init__(
        self,
        events: Iterable[Event],
        visibility_timeouts: VisibilityTimeouts,
        sleep: Callable[[float], float],
        now: float,
    ) -> None:
        self._events = iter(events)
        self._visibility_timeouts = visibility_timeouts
        self._sleep = sleep
        self._now = now
        self._back: list[tuple[float, int, Event]] = []
        self._number = itertools.count()

    def deliveries(self) -> Iterator[Event]:
        while True:
            if self._back and self._back[0][0] <= self._now:
                yield heapq.heappop(self._back)[2]
            elif (event := next(self._events, None)) is not None:
                yield event
            elif self._back:
                self._now = self._sleep(self._back[0][0] - self._now)
            else:
                return

    def answered(self, event: Event, delivered: Delivered) -> None:
        self._now = delivered.now
        for seconds, again in redelivery(event, delivered.answer, self._visibility_timeouts):
            heapq.heappush(self._back, (self._now + seconds, next(self._number), again))
