"""What tests of the whole system have in common."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from local.aws.event_source_mapping import EventSourceMapping
from local.aws.stack import EmbeddedStack
from local.outcome_lines import of_each_request
from local.sendgrid_double import SendGridDouble
from tests.support.deployment import STATUS_QUEUE, Deployment

LONG_WINDOW_SECONDS = 3600.0


@dataclass
class System:
    """A deployment in which no job is tracked, unless a test has jobs tracked."""

    deployment: Deployment

    def __post_init__(self) -> None:
        self._earlier = {function: set(self._lines(function)) for function in self.stack.functions}

    @property
    def stack(self) -> EmbeddedStack:
        return self.deployment.stack

    @property
    def double(self) -> SendGridDouble:
        return self.deployment.double

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
        self.stack.wait_until_idle([queue])

    def work_in_full_batches(self, queue: str, *requests: object) -> None:
        """The same where the last batch is full too, however slow the machine is."""
        mapping = self.stack.event_source_mappings[queue]
        mapping.disable()
        self.stack.send(queue, [json.dumps(request) for request in requests])
        # In its place, one with a window so long that it waits for a full batch.
        configuration = replace(mapping.configuration, batching_window_seconds=LONG_WINDOW_SECONDS)
        function = self.stack.functions[queue.replace("Queue", "Function")]
        patient = EventSourceMapping(configuration, self.stack.sqs, function.invoke)
        try:
            self.stack.wait_until_idle([queue])
            patient.check()
        finally:
            patient.stop()
        mapping.enable()

    def follow_jobs(self) -> None:
        """Has what became of the jobs asked for, and waits until it is known."""
        self.stack.event_source_mappings[STATUS_QUEUE].enable()
        self.stack.wait_until_idle()

    def logs(self, function: str) -> str:
        """What the function printed since the test began."""
        lines = self._lines(function)
        return "\n".join(line for line in lines if line not in self._earlier[function])

    def outcomes(self, function: str) -> list[dict[str, Any]]:
        """Of each request that the function handled since the test began."""
        records = [json.loads(line) for line in self.logs(function).split("\n") if line.startswith("{")]
        return [
            outcome
            for record in records
            if record.get("message", "").startswith("request ")
            for outcome in of_each_request(record)
        ]

    def dead_letters(self, queue: str) -> dict[str, str]:
        """Body and code of each message in the queue's dead-letter queue; no code is SQS's own redrive."""
        return {
            message["Body"]: message.get("MessageAttributes", {}).get("ErrorCode", {}).get("StringValue", "")
            for message in self.stack.messages_of(queue.replace("Queue", "DeadLetterQueue"))
        }

    def _lines(self, function: str) -> list[str]:
        return self.stack.logs(function).split("\n")


@pytest.fixture
def system(deployment: Deployment) -> System:
    deployment.reset(jobs_are_followed=False)
    return System(deployment)
