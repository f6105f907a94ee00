"""Lambda execution environments: child processes that each serve one invocation of a function at a time."""

import json
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from local.aws.environment_forks import fork_server
from local.aws.names import REGION

# Lambda allows 10 seconds, but a busy machine may need many times that.
_INITIALIZATION_SECONDS = 300


class FunctionError(Exception):
    """The invocation failed: the handler raised, its time was up, or the process died.

    `payload` is Lambda's response: errorType, errorMessage and, where there is one, stackTrace.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self.payload = payload
        self.error_type: str = payload["errorType"]
        self.error_message: str = payload["errorMessage"]
        super().__init__(f"{self.error_type}: {self.error_message}")


@dataclass(frozen=True)
class FunctionConfiguration:
    """What the template says of a function, resolved."""

    name: str
    arn: str
    handler: str
    runtime: str
    code_directory: Path
    timeout_seconds: float
    memory_mb: int
    environment: Mapping[str, str]
    log_group: str


class ExecutionEnvironment:
    """Starts the process and imports the handler at once; what the process prints goes to the file `log`.

    For one thread at a time, except `kill`.
    """

    def __init__(self, function: FunctionConfiguration, log: Path) -> None:
        self._function = function
        self._connection, far_end = Pipe()
        with log.open("ab") as log_file, far_end:
            self._process = fork_server().start(
                _process_environment(function, log.stem),
                function.code_directory,
                far_end.fileno(),
                log_file.fileno(),
            )
        self._initialized = False
        self.usable = True

    def invoke(self, event: Any) -> Any:
        """The handler's result; event and result pass through JSON.

        Raises FunctionError. After a timeout, a crash or a failed import the environment is not `usable`.
        """
        request_id = str(uuid.uuid4())
        self._initialize(request_id)
        timeout = self._function.timeout_seconds
        invocation = {
            "event": event,
            "request_id": request_id,
            "function_arn": self._function.arn,
            "deadline_ms": (time.time() + timeout) * 1000,
            "trace_id": _trace_id(),
        }
        response = self._exchange(json.dumps(invocation).encode(), timeout, request_id)
        if "error" in response:
            raise FunctionError({**response["error"], "requestId": request_id})
        return response["result"]

    def kill(self) -> None:
        """Ends the process at once, in the middle of an invocation too, which fails as Runtime.ExitError."""
        self.usable = False
        self._process.kill()

    def stop(self) -> None:
        """Ends the process, as Lambda ends an environment that is idle: without asking it."""
        self.kill()
        self._connection.close()
        self._process.wait()

    def _initialize(self, request_id: str) -> None:
        """Waits for the import of the handler, which Lambda does not count as the first invocation's time."""
        if self._initialized:
            return
        response = self._exchange(None, _INITIALIZATION_SECONDS, request_id)
        if "error" in response:
            self.usable = False
            raise FunctionError({**response["error"], "requestId": request_id})
        self._initialized = True

    def _exchange(self, message: bytes | None, timeout: float, request_id: str) -> dict[str, Any]:
        try:
            if message is not None:
                self._connection.send_bytes(message)
            if not self._connection.poll(timeout):
                self.kill()
                raise _sandbox_error(
                    "Sandbox.Timedout",
                    f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds",
                )
            response: dict[str, Any] = json.loads(self._connection.recv_bytes())
        except (EOFError, ConnectionError):
            self.usable = False
            status = self._process.wait()
            how = f"signal: {-status}" if status < 0 else f"exit status {status}"
            raise _sandbox_error(
                "Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: {how}"
            ) from None
        return response


def _trace_id() -> str:
    """X-Ray's header, not sampled: there is no daemon here to send segments to."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"


def _sandbox_error(error_type: str, message: str) -> FunctionError:
    return FunctionError({"errorType": error_type, "errorMessage": message})


def _process_environment(function: FunctionConfiguration, log_stream: str) -> dict[str, str]:
    """The function's own variables and those that Lambda sets; of this process's, what Python needs."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": str(function.code_directory),
        **function.environment,
        "_HANDLER": function.handler,
        # A developer's own settings for AWS have no place in a function.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": str(function.code_directory),
    }
