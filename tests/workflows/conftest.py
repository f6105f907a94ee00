"""The template's workflows on moto's interpreter, the functions behind their tasks, SendGrid's double behind those."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from local.aws.names import ACCOUNT_ID, arn
from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution
from local.sendgrid_double import Fault, ReceivedRequest, SendGridDouble
from local.waiting import wait_until
from tests.support.deployment import Deployment

# Of a definition's text: what is to stand in place of what, everywhere.
Changes = Mapping[str, str]


def changed(definition: str, changes: Changes) -> str:
    """Fails where there is nothing to change: the test would no longer show what it says."""
    for old, new in changes.items():
        assert old in definition
        definition = definition.replace(old, new)
    return definition


def function_arn(name: str) -> str:
    return arn("lambda", f"function:{name}")


@dataclass
class Workflows:
    stack: EmbeddedStack
    double: SendGridDouble
    _variants: dict[str, str] = field(default_factory=dict)
    _started: list[str] = field(default_factory=list)

    def start(self, machine: str, request: object, changes: Changes | None = None) -> str:
        """An execution of the template's state machine, or of a copy with changes; gives its ARN.

        Its name, which is the last part of the ARN, was never used before.
        """
        return self.start_definition(changed(self.definition(machine), changes or {}), request)

    def start_definition(self, definition: str, request: object) -> str:
        started = self.stack.step_functions.start_execution(
            stateMachineArn=self._machine(definition), name=uuid.uuid4().hex, input=json.dumps(request)
        )
        self._started.append(started["executionArn"])
        return started["executionArn"]

    def end_of(self, execution_arn: str) -> Execution:
        return self.stack.wait_for_execution(execution_arn)

    def run(self, machine: str, request: object, changes: Changes | None = None) -> Execution:
        return self.end_of(self.start(machine, request, changes))

    def history(self, execution_arn: str) -> str:
        """Everything that Step Functions keeps of an execution."""
        pages = self.stack.step_functions.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn, includeExecutionData=True
        )
        described = self.stack.step_functions.describe_execution(executionArn=execution_arn)
        return json.dumps([described, *(page["events"] for page in pages)], default=str)

    def file(self, bucket: str, key: str) -> bytes:
        """An object of a bucket of the template's."""
        return self.stack.s3.get_object(Bucket=self.stack.ref(bucket), Key=key)["Body"].read()

    def calls(self, method: str) -> list[ReceivedRequest]:
        """What SendGrid has received."""
        return [call for call in self.double.requests if call.method == method]

    def wait_until(self, condition: Callable[[], object]) -> None:
        wait_until(condition, self.stack.progress, poll_seconds=0.02)

    def wait_for_all(self) -> None:
        """So that no execution of one test is there in the next."""
        while self._started:
            self.end_of(self._started.pop())

    def definition(self, machine: str) -> str:
        described = self.stack.step_functions.describe_state_machine(stateMachineArn=self.stack.ref(machine))
        return described["definition"]

    def _machine(self, definition: str) -> str:
        if definition not in self._variants:
            created = self.stack.step_functions.create_state_machine(
                name=f"variant-{len(self._variants)}",
                definition=definition,
                roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/workflows",
            )
            self._variants[definition] = created["stateMachineArn"]
        return self._variants[definition]


@pytest.fixture(scope="session")
def _workflows(deployment: Deployment) -> Workflows:
    return Workflows(deployment.stack, deployment.double)


@pytest.fixture
def workflows(deployment: Deployment, _workflows: Workflows) -> Iterator[Workflows]:
    """One stack for all tests; SendGrid is new in each."""
    deployment.reset(jobs_are_followed=True)
    yield _workflows
    _workflows.wait_for_all()


def pending(route: str) -> Fault:
    """What was asked for is still under way at the next two questions."""
    return Fault(method="GET", route=route, status=200, body={"status": "pending"}, times=2)


def name_of(execution_arn: str) -> str:
    return execution_arn.rpartition(":")[2]


def error_of(execution: Execution) -> tuple[str, str | None]:
    return execution.status, execution.error
