"""Makes moto's Step Functions call the stack's functions, wait shorter, and behave more like AWS's.

- Waits, and the intervals between retries, take `time_scale` of their time. Timeouts and heartbeats keep
  theirs: they bound work, which takes as long as it takes.
- Each attempt of a task that waits for a task token has its own token. A token whose task is closed is refused
  with TaskTimedOut.
- States.ALL does not match States.Runtime and States.DataLimitExceeded. An error named States.… can leave an inline
  Map, and a Fail state can raise it again.
- An execution that is started without a name gets a UUID as its name.
- An execution that is stopped in the middle of a state, or as soon as it is started, is ABORTED.
- The context object's times are text, as AWS writes it; an execution's output is JSON, a text too.
- The body of `aws-sdk:s3:putObject` may be an object, which is written as JSON; its errors begin with `S3.`.

Not faithful: a missed heartbeat is States.Timeout; an execution that is stopped runs until its task has ended.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from moto.core.config import default_user_config
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.evaluation_details import ExecutionDetails
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local.aws.moto_patch import replace
from local.aws.names import REGION

_LONGEST_TASK_SECONDS = 1000  # Lambda's limit is 900
_POLL_SECONDS = 0.01
_UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")


def apply(lock: threading.Condition, moto_url: str, lambda_url: str, time_scale: float) -> None:
    """Patches moto in this process, whose calls run under `lock`."""
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    replace(
        [
            *_endpoints(moto_url, lambda_url),
            *_time(time_scale),
            *_task_tokens(),
            *_errors(),
            *_context_object(),
            *_names(),
            (aws_sdk.StateTaskServiceAwsSdk, "_normalise_parameters", _write_body_as_json),
            (aws_sdk, "_SERVICE_ERROR_NAMES", {**aws_sdk._SERVICE_ERROR_NAMES, "s3": "S3"}),
            *_end_of_an_execution(lock),
        ]
    )


Replacements = list[tuple[Any, str, Any]]


def _endpoints(moto_url: str, lambda_url: str) -> Replacements:
    """One client for each service, kept: moto makes a default session of boto3 for each task, which is
    neither thread-safe nor quick."""
    session = boto3.Session("local", "local", region_name=REGION)
    config = Config(
        proxies={},
        parameter_validation=False,
        retries={"total_max_attempts": 1},
        read_timeout=_LONGEST_TASK_SECONDS,
        max_pool_connections=50,
    )
    lock = threading.Lock()

    @cache
    def client(service: str) -> Any:
        url = lambda_url if service == "lambda" else moto_url
        return session.client(service, endpoint_url=url, config=config)

    def kept_client(*, service_name: str, **_: Any) -> Any:
        with lock:
            return client(service_name)

    return [(boto_client, "boto3", SimpleNamespace(client=kept_client))]


def _time(scale: float) -> Replacements:
    def wait(self: WaitFunction, env: Environment, wait_seconds: float) -> None:
        deadline = time.monotonic() + wait_seconds * scale
        while env.is_running() and (seconds_left := deadline - time.monotonic()) > 0:
            env.program_state_event.wait(seconds_left)

    def sleep(seconds: float) -> None:
        time.sleep(seconds * scale)

    return [(WaitFunction, "_wait_interval", wait), (retrier_decl, "time", SimpleNamespace(sleep=sleep))]


def _task_tokens() -> Replacements:
    eval_execution = StateTaskServiceCallback._eval_execution

    def eval_execution_with_own_token(self: StateTaskServiceCallback, env: Environment) -> None:
        if self.resource.condition == ResourceCondition.WaitForTaskToken:
            env.callback_pool_manager.add(env.states.context_object.update_task_token())
        eval_execution(self, env)

    def send(backend: StepFunctionsParserBackend, outcome: CallbackOutcome) -> None:
        for execution in backend._get_executions():
            env = execution.exec_worker.env
            endpoint = env and env.callback_pool_manager.get(outcome.callback_id)
            if endpoint:
                if endpoint._notify_event.is_set() or not env.is_running():
                    raise AWSError(
                        "Task Timed Out: 'Provided task does not exist anymore'", "TaskTimedOut", 400
                    )
                endpoint.notify(outcome)
                return
        raise AWSError("Invalid Token: 'Invalid token'", "InvalidToken", 400)

    def send_task_success(self: StepFunctionsParserBackend, task_token: str, outcome: str) -> None:
        send(self, CallbackOutcomeSuccess(task_token, outcome))

    def send_task_failure(
        self: StepFunctionsParserBackend, task_token: str, error: str | None = None, cause: str | None = None
    ) -> None:
        send(self, CallbackOutcomeFailure(task_token, error, cause))

    def respond_to_send_task_failure(self: StepFunctionResponse) -> ActionResult:
        parameters = [self._get_param(name) for name in ("taskToken", "error", "cause")]
        self.stepfunction_backend.send_task_failure(*parameters)
        return EmptyResult()

    return [
        (StateTaskServiceCallback, "_eval_execution", eval_execution_with_own_token),
        (StepFunctionsParserBackend, "send_task_success", send_task_success),
        (StepFunctionsParserBackend, "send_task_failure", send_task_failure),
        (StepFunctionResponse, "send_task_failure", respond_to_send_task_failure),
    ]


def _errors() -> Replacements:
    eval_body = ErrorEqualsDecl._eval_body

    def eval_body_of_catchable(self: ErrorEqualsDecl, env: Environment) -> None:
        error_name = env.stack[-1]
        eval_body(self, env)
        if error_name is not None and error_name.error_name in _UNCATCHABLE:
            env.stack[-1] = error_name in self.error_names

    return [
        (ErrorEqualsDecl, "_eval_body", eval_body_of_catchable),
        (CustomErrorName, "__init__", ErrorName.__init__),
    ]


def _context_object() -> Replacements:
    get_start_execution_details = Execution.get_start_execution_details

    def start_execution_details(self: Execution) -> ExecutionDetails:
        details = get_start_execution_details(self)
        details.start_time = text_of(self.start_date)  # type: ignore[misc]
        return details

    def state_data(EnteredTime: str, Name: str) -> dict[str, str]:
        return {"EnteredTime": text_of(datetime.fromisoformat(EnteredTime)), "Name": Name}

    return [
        (Execution, "get_start_execution_details", start_execution_details),
        (state, "StateData", state_data),
    ]


def _names() -> Replacements:
    start_execution = StepFunctionsParserBackend.start_execution

    def start_named_execution(
        self: StepFunctionsParserBackend, state_machine_arn: str, name: str | None = None, *arguments: Any
    ) -> Execution:
        return start_execution(self, state_machine_arn, name or str(uuid.uuid4()), *arguments)

    return [(StepFunctionsParserBackend, "start_execution", start_named_execution)]


def text_of(moment: datetime) -> str:
    """UTC with milliseconds, as in `2026-11-21T12:00:00.000Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_body_as_json(_self: aws_sdk.StateTaskServiceAwsSdk, parameters: dict[str, Any]) -> None:
    if not isinstance(parameters.get("Body", ""), str):
        parameters["Body"] = json.dumps(parameters["Body"], separators=(",", ":"))


def _end_of_an_execution(lock: threading.Condition) -> Replacements:
    """moto changes the status before output and error are there: not to be seen in between.

    It skips what is left of a state when the execution is stopped or times out, which may be an error in the state.
    That changes the end no longer. An execution whose definition is still read fails to be stopped: the stop waits.
    """
    reflect: Callable[[Any], None] = BaseExecutionWorkerCommunication._reflect_execution_status
    set_error: Callable[[Any, Any], None] = Environment.set_error

    def reflect_at_once(self: BaseExecutionWorkerCommunication) -> None:
        with lock:
            reflect(self)
            if self.execution.exec_status == ExecutionStatus.SUCCEEDED:
                self.execution.output = json.dumps(self.execution.output)  # type: ignore[assignment]

    def set_error_while_running(self: Environment, error: Any) -> None:
        with self._state_mutex:
            if self.is_running():
                set_error(self, error)

    def stop_when_running(self: ExecutionWorker, **details: Any) -> None:
        while self.env is None or self.env.program_state() is None:
            time.sleep(_POLL_SECONDS)
        self.env.set_stop(**details)

    return [
        (ExecutionWorker, "stop", stop_when_running),
        (BaseExecutionWorkerCommunication, "_reflect_execution_status", reflect_at_once),
        (Environment, "set_error", set_error_while_running),
    ]
