"""What runs inside a Lambda execution environment; it needs the standard library only.

`main` imports the handler that the environment variable _HANDLER names, then answers one invocation after the
other on its connection, until the other end closes it. In JSON:
invocations `{"event", "request_id", "deadline_ms", "function_arn", "trace_id"}`, and answers `{"result"}` or
`{"error"}`; the first answer, to no invocation, says how the import went.
The shape of errors follows awslambdaric, the runtime client of AWS's own Python runtimes.
"""

import importlib
import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

Handler = Callable[[Any, "LambdaContext"], Any]

_AWS_TIMEOUT_SECONDS = 180


class LambdaContext:
    """The attributes and the method that Lambda documents for its context object."""

    client_context = None
    identity = None

    def __init__(self, request_id: str, function_arn: str, deadline_ms: float) -> None:
        self.aws_request_id = request_id
        self.invoked_function_arn = function_arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]  # text, in Lambda too
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is killed; 0 when it is overdue."""
        return max(int(self._deadline_ms - time.time() * 1000), 0)


def main(connection: Connection) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    handler: Handler | None = None
    try:
        handler = _load_handler(os.environ["_HANDLER"])
        _wait_long_for_aws()
        connection.send_bytes(b"{}")
    except BaseException as error:
        connection.send_bytes(json.dumps({"error": _initialization_error(error)}).encode())
        return
    while True:
        try:
            invocation = json.loads(connection.recv_bytes())
        except EOFError:
            return
        response = _invoke(handler, invocation)
        sys.stdout.flush()
        connection.send_bytes(response)


def _invoke(handler: Handler, invocation: dict[str, Any]) -> bytes:
    os.environ["_X_AMZN_TRACE_ID"] = invocation["trace_id"]
    context = LambdaContext(invocation["request_id"], invocation["function_arn"], invocation["deadline_ms"])
    try:
        result = handler(invocation["event"], context)
    except Exception as error:
        return json.dumps({"error": _error(error)}).encode()
    try:
        return json.dumps({"result": result}, default=_json_default).encode()
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return json.dumps({"error": _report("Runtime.MarshalError", message, None)}).encode()


def _load_handler(name: str) -> Handler:
    module_name, _, function_name = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module_name.replace("/", ".")), function_name)
    return handler


def _wait_long_for_aws() -> None:
    """Has botocore, if the handler imported it, wait for AWS's responses for minutes, whatever its clients say.

    moto on a busy machine is slower than AWS, and a call that took effect must not be repeated for it.
    """
    if endpoint := sys.modules.get("botocore.endpoint"):
        create_endpoint = endpoint.EndpointCreator.create_endpoint

        def create_patient_endpoint(*arguments: Any, **options: Any) -> Any:
            return create_endpoint(*arguments, **{**options, "timeout": _AWS_TIMEOUT_SECONDS})

        endpoint.EndpointCreator.create_endpoint = create_patient_endpoint


def _initialization_error(error: BaseException) -> dict[str, Any]:
    name = os.environ["_HANDLER"]
    module_name, _, function_name = name.rpartition(".")
    if isinstance(error, ImportError):
        message = f"Unable to import module '{module_name}': {error}"
        return _report("Runtime.ImportModuleError", message, error.__traceback__)
    if isinstance(error, AttributeError) and error.name == function_name:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return _report("Runtime.HandlerNotFound", message, error.__traceback__)
    return _error(error)


def _error(error: BaseException) -> dict[str, Any]:
    # The first frame is this file's call of the handler.
    inner = error.__traceback__.tb_next if error.__traceback__ else None
    return _report(type(error).__name__, str(error), inner)


def _report(error_type: str, message: str, trace: TracebackType | None) -> dict[str, Any]:
    """Returns the error as Lambda does, and logs it, as Lambda does."""
    stack_trace = traceback.format_list(traceback.extract_tb(trace))
    print(
        f"[ERROR] {error_type}: {message}\nTraceback (most recent call last):\n" + "".join(stack_trace),
        end="",
    )
    return {"errorMessage": message, "errorType": error_type, "stackTrace": stack_trace}


def _json_default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
