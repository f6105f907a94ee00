"""Executions of the workflows, and how each ended."""

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from local.smoke.deployed_stack import DeployedStack
from local.smoke.failures import CheckFailed, named_failure
from local.smoke.payloads import Execution
from local.smoke.report import Check


@dataclass(frozen=True)
class _Started:
    check: Check
    execution: Execution
    arn: str


class Executions:
    """Starts executions, and ends their checks."""

    def __init__(self, step_functions: Any, stack: DeployedStack, run_name: str) -> None:
        self._step_functions = step_functions
        self._stack = stack
        self._run_name = run_name
        self._started: list[_Started] = []

    def start(self, check: Check, execution: Execution) -> None:
        arn = self._step_functions.start_execution(
            stateMachineArn=self._stack.output(f"{execution.workflow}StateMachineArn"),
            name=self._run_name,
            input=json.dumps(execution.payload),
        )["executionArn"]
        self._started.append(_Started(check, execution, arn))
        check.runs("started")

    def collect(self) -> None:
        """Ends the checks of those that have ended."""
        for started in self._started:
            if started.check.is_open:
                started.check.attempt(partial(self._ending, started))

    def stop(self) -> None:
        """Those that have not ended: they would go on for hours."""
        for started in self._started:
            if self._describe(started)["status"] == "RUNNING":
                self._step_functions.stop_execution(
                    executionArn=started.arn, error="SmokeTest", cause="the smoke test has ended"
                )

    def _describe(self, started: _Started) -> dict[str, Any]:
        described: dict[str, Any] = self._step_functions.describe_execution(executionArn=started.arn)
        return described

    def _ending(self, started: _Started) -> str | None:
        described = self._describe(started)
        if described["status"] == "RUNNING":
            return None
        error = described.get("error", "")
        if error == started.execution.expected_error:
            return f"fails: {error}"
        if error:
            raise named_failure(error, described.get("cause", ""))
        raise CheckFailed(f"{described['status']} instead of {started.execution.expected_error}")
