"""A run of the smoke test against the embedded stack, which has contacts and allows a delete-all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.session
import pytest

from local.aws.names import REGION, STACK_NAME
from local.aws.stack import EmbeddedStack
from local.sendgrid_double import SendGridDouble
from local.smoke.report import Check, Report, State
from local.smoke.run import SmokeTest, Waits
from local.waiting import wait_until
from tests.support.deployment import ALARM_TOPIC_ARN, Deployment

QUICK = Waits(poll=0.05)


@dataclass
class Smoke:
    deployment: Deployment
    session: boto3.Session
    checks: dict[str, Check] = field(default_factory=dict)

    @property
    def stack(self) -> EmbeddedStack:
        return self.deployment.stack

    @property
    def double(self) -> SendGridDouble:
        return self.deployment.double

    def run(self, stack_name: str = STACK_NAME, **options: Any) -> bool:
        """Whether it is a success; `checks` are its checks by title."""
        report = Report(lambda _: None)
        SmokeTest(self.session, stack_name, report, **{"waits": QUICK, **options}).run()
        self.checks = {check.name: check for check in report.checks}
        return report.is_success

    def in_state(self, state: State) -> set[str]:
        return {name for name, check in self.checks.items() if check.state is state}

    def waiting_messages(self) -> int:
        """Those that have not ended, in all queues that feed functions."""
        return sum(self.stack.queue_counts()[queue].total for queue in self.stack.event_source_mappings)

    def temporary_queues(self) -> list[str]:
        return [queue for queue in self.stack.queue_counts() if queue.startswith("smoke-test")]

    def assert_nothing_is_left(self) -> None:
        self.assert_nothing_temporary_is_left()
        for queue in self.stack.queue_counts():
            if queue.endswith("DeadLetterQueue"):
                assert self.stack.messages_of(queue) == []

    def assert_nothing_temporary_is_left(self) -> None:
        """No queue, no rule, no running execution. One that was stopped ends with the task in which it was."""
        assert self.temporary_queues() == []
        assert not self.stack.events.list_rules(NamePrefix="smoke-test")["Rules"]
        wait_until(lambda: not self._running_executions(), self.stack.progress)

    def _running_executions(self) -> list[str]:
        return [
            execution["executionArn"]
            for state_machine in self.stack.state_machines
            for execution in self.stack.step_functions.list_executions(
                stateMachineArn=self.stack.ref(state_machine), statusFilter="RUNNING"
            )["executions"]
        ]


@cache
def _loader() -> Any:
    """One for all sessions, since the services' models take a while to load."""
    return botocore.session.get_session().get_component("data_loader")


def new_session() -> boto3.Session:
    core = botocore.session.get_session()
    core.register_component("data_loader", _loader())
    return boto3.Session(region_name=REGION, botocore_session=core)


@pytest.fixture
def smoke(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Smoke]:
    deployment.reset(jobs_are_followed=True)
    stack = deployment.stack
    for number in range(3):
        deployment.double.account.add_contact(external_id=f"real-{number}")
    subscription = stack.sns.subscribe(
        TopicArn=ALARM_TOPIC_ARN, Protocol="email", Endpoint="on-call@example.com"
    )["SubscriptionArn"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.moto.url)
    yield Smoke(deployment, new_session())
    stack.sns.unsubscribe(SubscriptionArn=subscription)
