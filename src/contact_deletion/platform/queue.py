"""What a function stands on that a queue feeds, and the parts that it is made from."""

import os
import random
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

from contact_deletion.deadline import Clock
from contact_deletion.notifications.event_bus import EventBus
from contact_deletion.notifications.notifier import Notifier
from contact_deletion.notifications.task_tokens import TaskTokens
from contact_deletion.observability import QueueTelemetry
from contact_deletion.platform.account import AccountPlatform
from contact_deletion.responses.queue import QueueReply
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.rate_limit import MAX_CALLS_AT_ONCE
from contact_deletion.sendgrid.transport import new_session
from contact_deletion.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

    from contact_deletion.notifications.status_checks import StatusCheckQueue


class Parts(NamedTuple):
    """What one function with a queue is put together from."""

    settings: Settings
    client: SendGridClient
    queue_reply: QueueReply
    telemetry: QueueTelemetry
    clock: Clock
    threads: Executor


@dataclass(frozen=True, kw_only=True)
class QueuePlatform(AccountPlatform):
    """Adds the answer to the queue, and to whoever else waits for what became of a request."""

    settings: Settings
    jitter: Callable[[float, float], float] = random.uniform

    @classmethod
    def from_environment(cls) -> Self:
        """The real one. Raises InvalidSetting."""
        return cls(settings=Settings.from_environ(os.environ), session=new_session())

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self.aws_client("sqs")
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self.aws_client("events")
        return client

    @cached_property
    def step_functions(self) -> "SFNClient":
        client: SFNClient = self.aws_client("stepfunctions")
        return client

    @cached_property
    def threads(self) -> Executor:
        """For calls side by side, whomever they are to; kept from invocation to invocation, as is the memory that each
        of them holds on to.
        """
        return ThreadPoolExecutor(MAX_CALLS_AT_ONCE)

    def telemetry(self, operation: str) -> QueueTelemetry:
        return self._telemetry(QueueTelemetry, operation)

    def parts(self, operation: str) -> Parts:
        """What the function of this operation works with."""
        telemetry = self.telemetry(operation)
        announcer = Notifier(
            operation,
            status_messages=self._status_messages(operation),
            task_tokens=TaskTokens(lambda: self.step_functions, telemetry, self.threads),
            event_bus=EventBus(
                lambda: self.events, self.settings.event_bus_name, self.sleep, self.jitter, self.threads
            ),
            telemetry=telemetry,
            clock=self.clock,
        )
        return Parts(
            settings=self.settings,
            client=self.client(SendGridClient),
            queue_reply=QueueReply(
                announcer, self.sqs, self.settings.dead_letter_queue_url, telemetry, self.jitter, self.threads
            ),
            telemetry=telemetry,
            clock=self.clock,
            threads=self.threads,
        )

    def _status_messages(self, operation: str) -> "StatusCheckQueue | None":
        """None where nothing is accepted that would have to be followed."""
        return None
