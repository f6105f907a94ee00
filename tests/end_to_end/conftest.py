"""The whole system: the template's stack on moto, functions in processes of their own, SendGrid's double on HTTP."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.aws.stack import EmbeddedStack
from local.sendgrid_double import SendGridDouble, serve

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
API_KEY = "SG.end-to-end"


@dataclass
class System:
    stack: EmbeddedStack
    double: SendGridDouble

    def send(self, queue: str, *requests: object) -> None:
        """Puts them all into the queue before the function sees the first."""
        mapping = self.stack.event_source_mappings[queue]
        mapping.disable()
        bodies = [request if isinstance(request, str) else json.dumps(request) for request in requests]
        self.stack.send(queue, bodies)
        mapping.enable()

    def work(self, queue: str, *requests: object) -> None:
        """Sends the requests and waits until none is left in the queue."""
        self.send(queue, *requests)
        self.stack.wait_until_idle(timeout=60, queues=[queue])

    def outcomes(self, function: str) -> list[dict[str, Any]]:
        return [
            line
            for line in self.stack.structured_logs(function)
            if line.get("message", "").startswith("request ")
        ]

    def dead_letters(self, queue: str) -> dict[str, str]:
        """Body and code of each message in the queue's dead-letter queue; no code is SQS's own redrive."""
        return {
            message["Body"]: message.get("MessageAttributes", {}).get("ErrorCode", {}).get("StringValue", "")
            for message in self.stack.messages_of(queue.replace("Queue", "DeadLetterQueue"))
        }


def wait_until(condition: Callable[[], object], *, timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@contextmanager
def new_system(batching_window_seconds: int, status_delay_seconds: int = 900) -> Iterator[System]:
    """Unless it is told otherwise, a test ends before anybody asks what became of a job."""
    double = SendGridDouble(job_delay=0, api_keys={API_KEY})
    with (
        serve(double) as base_url,
        EmbeddedStack(
            TEMPLATE,
            parameters={
                "SendGridBaseUrl": base_url,
                "DeleteAllEnabled": "true",
                "BatchingWindowSeconds": str(batching_window_seconds),
            },
            properties={"DeletionStatusQueue": {"DelaySeconds": status_delay_seconds}},
            secrets={"SendGridApiKeySecret": API_KEY},
        ) as stack,
    ):
        yield System(stack, double)


@pytest.fixture
def system() -> Iterator[System]:
    with new_system(batching_window_seconds=1) as system:
        yield system


@pytest.fixture
def patient_system() -> Iterator[System]:
    """One whose batches become full, however slow the machine is."""
    with new_system(batching_window_seconds=60) as system:
        yield system


@pytest.fixture
def following_system() -> Iterator[System]:
    """One that asks for jobs at once, and keeps the events that it puts."""
    with new_system(batching_window_seconds=1, status_delay_seconds=0) as system:
        system.stack.record_events("sendgrid-contact-deletion")
        yield system
