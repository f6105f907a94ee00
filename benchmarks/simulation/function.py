"""BulkDeleteFunction in simulated time, in a process of its own. Needs Linux: memory is read from /proc."""

import json
import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.contenders import environment
from benchmarks.own_process import OwnProcess
from benchmarks.peak_memory import peak_mb
from benchmarks.sendgrid import Received
from benchmarks.simulation.clock import SkippingClock
from benchmarks.simulation.sendgrid import InProcessSendGrid
from contact_deletion.handlers import bulk_delete
from contact_deletion.runtime import DELETION, Runtime, Settings
from contact_deletion.sendgrid.transport import new_session
from local.aws.names import REGION
from local.sendgrid_double import RateLimit

# template.yaml's.
TIMEOUT_SECONDS = 300

_SENDGRID_URL = "https://api.sendgrid.com"


@dataclass(frozen=True)
class Delivered:
    """The result of an event: the response, the simulated time after it, and the peak memory so far."""

    answer: dict[str, Any]
    now: float
    peak_mb: float


class SimulatedFunction(OwnProcess):
    def __init__(self) -> None:
        super().__init__(_serve)

    def start(self, aws_url: str, contacts: int, limit: RateLimit) -> float:
        """Returns the simulated time."""
        now: float = self.call((aws_url, contacts, limit))
        return now

    def deliver(self, event: str) -> Delivered:
        delivered: Delivered = self.call(event)
        return delivered

    def sleep(self, seconds: float) -> float:
        """Returns the simulated time after it."""
        now: float = self.call(seconds)
        return now

    def received(self) -> Received:
        """What SendGrid has received so far."""
        received: Received = self.call(None)
        return received


@dataclass
class _Context:
    """Of an invocation, by the simulated clock."""

    clock: SkippingClock
    ends_at: float
    function_name: str = "benchmark"
    memory_limit_in_mb: str = "512"
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:benchmark"
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(1000 * (self.ends_at - self.clock())))


def _serve(connection: Connection) -> None:
    connection.send(None)
    aws_url, contacts, limit = connection.recv()
    os.environ.update(environment(aws_url, _SENDGRID_URL))
    os.environ.update(
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",  # noqa: S106 - opens nothing
    )
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        clock = SkippingClock()
        sendgrid = InProcessSendGrid(contacts, limit, clock)
        session = new_session()
        session.mount("https://", sendgrid)
        settings = Settings.from_environ(os.environ, *DELETION)
        runtime = Runtime(settings=settings, new_session=lambda: session, clock=clock, sleep=clock.sleep)
        handle = bulk_delete.build(runtime).handle
        connection.send(clock())
        while True:
            match connection.recv():
                case str(event):
                    response = handle(json.loads(event), _Context(clock, clock() + TIMEOUT_SECONDS))
                    connection.send(Delivered(response, clock(), peak_mb(os.getpid())))
                case float(seconds):
                    clock.sleep(seconds)
                    connection.send(clock())
                case None:
                    connection.send(sendgrid.received())
