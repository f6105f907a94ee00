"""One run: a contender works off a queue, against stand-ins that know nothing of the runs before.

Needs Linux (see `function_process`).
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

from benchmarks.aws_responses import AwsUsage
from benchmarks.aws_stand_in import AwsStandIn
from benchmarks.contenders import Contender, environment
from benchmarks.function_process import FunctionProcess, function_process
from benchmarks.functions import ROOT
from benchmarks.queue import Queue
from benchmarks.sendgrid import Received, SendGrid
from local.sendgrid_double import RateLimit


@dataclass(frozen=True)
class StandIns:
    aws: AwsStandIn
    sendgrid: SendGrid


@contextmanager
def stand_ins() -> Iterator[StandIns]:
    with AwsStandIn() as aws, SendGrid() as sendgrid:
        yield StandIns(aws, sendgrid)


@dataclass(frozen=True)
class Run:
    """`seconds` are from the first delivery to the last 202; the others are of all invocations together."""

    seconds: float
    cpu_seconds: float
    wall_seconds: float
    invocations: int
    log_bytes: int
    sendgrid: Received
    aws: AwsUsage


def run(
    contender: Contender,
    events: Sequence[Mapping[str, Any]],
    contacts: int,
    world: StandIns,
    *,
    limit: RateLimit | None = None,
    consumers: int = 1,
    addresses: Sequence[str] = (),
) -> Run:
    """Runs it on an account with contacts of these addresses.

    Raises Incomplete: what leaves something undone is not compared.
    """
    with ExitStack() as stack:
        world.sendgrid.reset(limit)
        started = [stack.enter_context(consumer(contender, world)) for _ in range(consumers)]
        for each in started:
            each.invoke(contender.first_event)
        world.aws.reset()
        world.sendgrid.reset(limit, addresses)
        queue = Queue(events, world.aws.visibility_timeouts)
        for each in started:
            each.forget()
        began = time.time()
        _work_off(queue, started)
        received, aws = world.sendgrid.received(), world.aws.usage()
        received.require(contacts, of=contender.handler)
        return Run(
            seconds=received.last_accepted_at - began,
            cpu_seconds=sum(each.cpu_seconds for each in started),
            wall_seconds=sum(each.wall_seconds for each in started),
            invocations=sum(each.invocations for each in started),
            log_bytes=sum(each.log_bytes() for each in started),
            sendgrid=received,
            aws=aws,
        )


def _work_off(queue: Queue, consumers: Sequence["Consumer"]) -> None:
    with ThreadPoolExecutor(len(consumers)) as pool:
        for consuming in [pool.submit(queue.consume, consumer.invoke) for consumer in consumers]:
            consuming.result()


class Consumer:
    """An execution environment, and what its invocations have taken."""

    def __init__(self, process: FunctionProcess, log: IO[bytes]) -> None:
        self._process = process
        self._log = log
        self.forget()

    def forget(self) -> None:
        self.cpu_seconds = self.wall_seconds = 0.0
        self.invocations = 0
        self._logged_before = self._logged()

    def log_bytes(self) -> int:
        return self._logged() - self._logged_before

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """With the runtime client's own work, which Lambda charges for as well."""
        cpu, wall = self._process.cpu_seconds(), time.perf_counter()
        response = self._process.invoke(event)
        self.wall_seconds += time.perf_counter() - wall
        self.cpu_seconds += self._process.cpu_seconds() - cpu
        self.invocations += 1
        return response

    def _logged(self) -> int:
        return os.fstat(self._log.fileno()).st_size


@contextmanager
def consumer(contender: Contender, world: StandIns) -> Iterator[Consumer]:
    path = list(dict.fromkeys([contender.code, ROOT]))
    with (
        TemporaryFile() as log,
        function_process(
            contender.handler, path, environment(world.aws.url, world.sendgrid.url), log
        ) as process,
    ):
        yield Consumer(process, log)
