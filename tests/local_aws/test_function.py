import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from local.aws.execution_environment import FunctionConfiguration, FunctionError
from local.aws.function import Function
from local.waiting import wait_until
from tests.support.serving import serving

MakeFunction = Callable[..., Function]


@pytest.fixture
def make_function(toy_directory: Path, tmp_path: Path) -> Iterator[MakeFunction]:
    functions = []

    def make(
        handler: str = "toy_functions.direct", *, timeout_seconds: float = 20, concurrency: int = 4
    ) -> Function:
        configuration = FunctionConfiguration(
            name="DirectFunction",
            arn="arn:aws:lambda:us-east-1:123456789012:function:DirectFunction",
            handler=handler,
            runtime="python3.13",
            code_directory=toy_directory,
            timeout_seconds=timeout_seconds,
            memory_mb=256,
            environment={"COLOUR": "blue"},
            log_group="/aws/lambda/DirectFunction",
        )
        function = Function(configuration, tmp_path / "logs", concurrency=concurrency)
        functions.append(function)
        return function

    yield make
    for function in functions:
        function.stop()


def error_of(function: Function, event: Any) -> FunctionError:
    with pytest.raises(FunctionError) as error:
        function.invoke(event)
    return error.value


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_event_and_result_pass_through_json(make_function: MakeFunction) -> None:
    event = {"do": "echo", "list": (1, 2.5, None, True, "ü")}

    assert make_function().invoke(event) == {"do": "echo", "list": [1, 2.5, None, True, "ü"]}


def test_the_context_says_what_lambda_says(make_function: MakeFunction) -> None:
    function = make_function()

    first, second = (function.invoke({"do": "context"}) for _ in range(2))

    assert first["name"] == "DirectFunction"
    assert first["arn"] == "arn:aws:lambda:us-east-1:123456789012:function:DirectFunction"
    assert first["memory"] == "256"
    assert 0 < first["remaining_ms"] <= 20_000
    assert first["request_id"] != second["request_id"]


def test_a_function_has_its_own_environment_variables_and_none_of_this_process(
    make_function: MakeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("OF_THE_DEVELOPER", "x")

    environment = make_function().invoke({"do": "environment"})

    assert environment["COLOUR"] == "blue"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "DirectFunction"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert not environment.keys() & {"AWS_PROFILE", "OF_THE_DEVELOPER"}


def test_an_environment_is_kept_for_the_next_invocation(make_function: MakeFunction) -> None:
    function = make_function()

    assert [function.invoke({"do": "count invocations"}) for _ in range(3)] == [1, 2, 3]


def test_parallel_invocations_have_an_environment_each(make_function: MakeFunction, tmp_path: Path) -> None:
    function = make_function(concurrency=3)
    meeting = {"do": "meet", "directory": str(tmp_path), "others": 3}

    with ThreadPoolExecutor(3) as threads:
        process_ids = set(threads.map(function.invoke, [meeting] * 3))

    assert len(process_ids) == 3


def test_no_more_environments_are_made_than_the_concurrency_allows(make_function: MakeFunction) -> None:
    function = make_function(concurrency=2)

    with ThreadPoolExecutor(8) as threads:
        process_ids = set(threads.map(function.invoke, [{"do": "process id"}] * 40))

    assert len(process_ids) <= 2


def test_exception_comes_back_and_the_environment_survives(
    make_function: MakeFunction,
) -> None:
    function = make_function()
    process_id = function.invoke({"do": "process id"})

    error = error_of(function, {"do": "raise", "text": "no such thing"})

    assert (error.error_type, error.error_message) == ("LookupError", "no such thing")
    assert "in direct" in error.payload["stackTrace"][0]
    assert "lambda_runtime" not in "".join(error.payload["stackTrace"])
    assert function.invoke({"do": "process id"}) == process_id


def test_a_result_that_is_not_json_is_an_error(make_function: MakeFunction) -> None:
    error = error_of(make_function(), {"do": "return a set"})

    assert error.error_type == "Runtime.MarshalError"


def test_timeout_kills_the_process_and_the_next_starts_afresh(
    make_function: MakeFunction,
) -> None:
    function = make_function(timeout_seconds=3)
    process_id = function.invoke({"do": "process id"})

    error = error_of(function, {"do": "hang"})

    assert error.error_type == "Sandbox.Timedout"
    assert error.error_message.endswith("Task timed out after 3.00 seconds")
    assert not is_running(process_id)
    assert function.invoke({"do": "count invocations"}) == 1


def test_exit_fails_the_invocation_and_the_next_starts_afresh(
    make_function: MakeFunction,
) -> None:
    function = make_function()

    error = error_of(function, {"do": "exit"})

    assert error.error_type == "Runtime.ExitError"
    assert "exit status 3" in error.error_message
    assert function.invoke({"do": "count invocations"}) == 1


def test_slow_aws_call_is_waited_for_and_not_repeated(make_function: MakeFunction) -> None:
    """The function gives up on a response after 0.2 seconds; here a busy machine may take longer than that."""
    calls: list[str] = []

    class SlowSqs(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls.append(self.headers["X-Amz-Target"])
            Event().wait(0.5)
            body = b'{"QueueUrl": "https://sqs.example/orders"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), SlowSqs)) as server:
        event = {"endpoint": f"http://127.0.0.1:{server.server_port}"}
        response = make_function("toy_aws_functions.queue_url").invoke(event)

    assert response == "https://sqs.example/orders"
    assert calls == ["AmazonSQS.GetQueueUrl"]


@pytest.mark.parametrize(
    ("handler", "error_type", "named"),
    [
        ("no_such_module.handler", "Runtime.ImportModuleError", "no_such_module"),
        ("toy_functions.no_such_handler", "Runtime.HandlerNotFound", "no_such_handler"),
        # A function imports nothing of the stack that it runs in.
        ("account.arn", "Runtime.ImportModuleError", "account"),
        ("local.aws.names.arn", "Runtime.ImportModuleError", "local"),
    ],
)
def test_a_handler_that_cannot_be_imported_fails_each_invocation(
    make_function: MakeFunction, handler: str, error_type: str, named: str
) -> None:
    function = make_function(handler)

    for _ in range(2):
        error = error_of(function, {"do": "echo"})
        assert error.error_type == error_type
        assert named in error.error_message


def test_log_has_what_the_function_printed_and_its_errors(
    make_function: MakeFunction,
) -> None:
    function = make_function()
    function.invoke({"do": "print", "text": "a line"})
    error_of(function, {"do": "raise", "text": "what went wrong"})

    log = function.logs()

    assert log.count("a line\n") == 2  # one on standard output, one on standard error
    assert "[ERROR] LookupError: what went wrong" in log


def test_running_invocation_is_ended_by_kill_and_stop(make_function: MakeFunction, tmp_path: Path) -> None:
    function = make_function()
    for number, end in enumerate((function.kill, function.stop)):
        assert function.invoke({"do": "count invocations"}) == 1
        process_id = function.invoke({"do": "process id"})
        started = tmp_path / f"started {number}"
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(error_of, function, {"do": "hang", "started": str(started)})
            wait_until(started.exists)
            end()
            assert running.result(timeout=120).error_type == "Runtime.ExitError"
        assert not is_running(process_id)
    assert error_of(function, {"do": "echo"}).error_type == "Runtime.ExitError"
