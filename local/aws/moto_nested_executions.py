"""Makes moto's Step Functions run `states:startExecution.sync:2` as AWS's does.

- The result is DescribeExecution's, with `Input` and `Output` as JSON and names that begin with a capital.
- An execution that does not succeed is States.TaskFailed; its cause is the same as text, with its `Error` and `Cause`.
- Where the task is stopped or times out, so is what it started (AWS docs: connect-to-resource).
"""

import json
from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
    ResourceRuntimePart,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from local.aws.moto_patch import replace

_POLL_SECONDS = 0.05


def apply() -> None:
    """Patches moto in this process."""
    replace(
        [
            (StateTaskServiceSfn, "_eval_service_task", _start_execution),
            (StateTaskServiceSfn, "_eval_integration_pattern", _wait_for_execution),
        ]
    )


def _start_execution(
    self: StateTaskServiceSfn,
    env: Environment,
    resource_runtime_part: ResourceRuntimePart,
    normalised_parameters: dict[str, Any],
    state_credentials: Any,
) -> None:
    if self.resource.condition != ResourceCondition.Sync2:
        raise ValueError("only states:startExecution.sync:2 is run here")
    client: Any = boto_client_for(service="stepfunctions", region=resource_runtime_part.region)
    named = {name[0].lower() + name[1:]: value for name, value in normalised_parameters.items()}
    started = client.start_execution(**named)
    env.stack.append({"ExecutionArn": started["executionArn"], "StartDate": _json(started["startDate"])})


def _wait_for_execution(
    self: StateTaskServiceSfn,
    env: Environment,
    resource_runtime_part: ResourceRuntimePart,
    normalised_parameters: dict[str, Any],
    state_credentials: Any,
) -> None:
    client: Any = boto_client_for(service="stepfunctions", region=resource_runtime_part.region)
    arn = env.stack.pop()["ExecutionArn"]
    while (described := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if not env.is_running():
            client.stop_execution(executionArn=arn)
        env.program_state_event.wait(_POLL_SECONDS)
    result = {
        name[0].upper() + name[1:]: _json(value)
        for name, value in described.items()
        if name != "ResponseMetadata"
    }
    if result["Status"] != "SUCCEEDED":
        raise _failure(self, env, json.dumps(result))
    env.stack.append(result | {name: json.loads(result[name]) for name in ("Input", "Output")})


def _json(value: Any) -> Any:
    """Times are milliseconds since the epoch."""
    return round(value.timestamp() * 1000) if isinstance(value, datetime) else value


def _failure(task: StateTaskServiceSfn, env: Environment, cause: str) -> FailureEventException:
    error = StatesErrorNameType.StatesTaskFailed
    details = TaskFailedEventDetails(
        error=error.to_name(),
        cause=cause,
        resource=task._get_sfn_resource(),
        resourceType=task._get_sfn_resource_type(),
    )
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),  # type: ignore[typeddict-item]
        )
    )
