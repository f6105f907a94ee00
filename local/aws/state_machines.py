"""The template's state machines, and their executions."""

import json
import re
from dataclasses import dataclass
from typing import Any

from local.aws.intrinsics import text
from local.aws.names import ACCOUNT_ID
from local.aws.resources import Resources
from local.aws.template import Template

_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Execution:
    """How an execution is, or ended: `status` is RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None


class StateMachines:
    """Makes each AWS::Serverless::StateMachine under its logical id, from the file of its DefinitionUri."""

    def __init__(self, template: Template, resources: Resources) -> None:
        self._step_functions = resources.step_functions
        for logical_id, properties in template.of_type("AWS::StepFunctions::StateMachine").items():
            substitutions = resources.resolve(properties.get("DefinitionSubstitutions", {}))
            self._step_functions.create_state_machine(
                name=logical_id,
                definition=_substituted(template.definitions[logical_id].read_text(), substitutions),
                roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/{logical_id}",
            )

    def start(self, state_machine_arn: str, payload: Any, name: str) -> str:
        """Starts an execution; returns its ARN. Raises the client's error for a name that was used before."""
        started = self._step_functions.start_execution(
            stateMachineArn=state_machine_arn, name=name, input=json.dumps(payload)
        )
        return started["executionArn"]

    def describe(self, execution_arn: str) -> Execution:
        described = self._step_functions.describe_execution(executionArn=execution_arn)
        return Execution(
            arn=execution_arn,
            status=described["status"],
            output=json.loads(described.get("output", "null")),
            error=described.get("error"),
            cause=described.get("cause"),
        )

    def states_of(self, execution_arn: str) -> list[str]:
        """The names of the states that the execution has entered, in order; without those of a Distributed Map's
        children."""
        history = self._step_functions.get_execution_history(executionArn=execution_arn)["events"]
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in history
            if "stateEnteredEventDetails" in event
        ]


def _substituted(definition: str, substitutions: dict[str, Any]) -> str:
    return _SUBSTITUTION.sub(
        lambda match: text(substitutions[match[1]]) if match[1] in substitutions else match[0], definition
    )
