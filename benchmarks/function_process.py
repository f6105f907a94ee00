"""A function in a process of its own under Lambda's runtime client, awslambdaric, as Lambda runs it.

Needs Linux: what the process has used is read from its CPU clock and from /proc.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from benchmarks.peak_memory import peak_mb
from local.aws.names import REGION, arn

_NEXT = "/2018-06-01/runtime/invocation/next"
_TIMEOUT_SECONDS = 330


class FunctionFailed(Exception):
    """The handler raised, its import failed, or the process ended; the message is what was said of it."""


class FunctionProcess:
    """Takes one event after the other, from one thread."""

    def __init__(self, process: subprocess.Popen[bytes], api: "_RuntimeApi", began: float) -> None:
        self._process = process
        self._api = api
        self.init_seconds = self._answer().at - began
        self.init_cpu_seconds = self.cpu_seconds()

    def invoke(self, event: Any) -> Any:
        """The handler's result. Raises FunctionFailed."""
        self._api.events.put(json.dumps(event).encode())
        result = json.loads(self._answer().body)
        self._answer()  # the client requests the next event, so this one is processed
        return result

    def cpu_seconds(self) -> float:
        """User and system time of the whole process so far, to the nanosecond."""
        return time.clock_gettime(~self._process.pid << 3 | 2)  # Linux's name for another process's CPU clock

    def peak_mb(self) -> float:
        return peak_mb(self._process.pid)

    def _answer(self) -> "_Request":
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                request = self._api.requests.get(timeout=0.2)
            except queue.Empty:
                continue
            if request.path.endswith("/error"):
                raise FunctionFailed(request.body.decode())
            return request
        raise FunctionFailed(f"the process has ended ({self._process.poll()}), or does not answer")


@contextmanager
def function_process(
    handler: str,
    path: list[Path],
    environment: Mapping[str, str],
    log: IO[bytes] | None = None,
    core: int | None = None,
) -> Iterator[FunctionProcess]:
    """Starts the process with `path` in front of all else on Python's path, and gives it when its init is over.

    What it writes goes to `log`. It runs on `core` alone, or on any.
    """
    with _RuntimeApi() as api, TemporaryFile() as nowhere:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=path[0],
            env=_lambda_environment(handler, path, api) | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log or nowhere,
            stderr=subprocess.STDOUT,
        )
        try:
            if core is not None:
                os.sched_setaffinity(process.pid, {core})
            yield FunctionProcess(process, api, began)
        finally:
            process.kill()
            process.wait()


def _lambda_environment(handler: str, path: list[Path], api: "_RuntimeApi") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        # /var/task is read-only in Lambda: what the artifact has not brought compiled is compiled at every cold start.
        "PYTHONDONTWRITEBYTECODE": "1",
        "_HANDLER": handler,
        "LAMBDA_TASK_ROOT": str(path[0]),
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/benchmark",
        "AWS_LAMBDA_LOG_STREAM_NAME": "benchmark",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class _Request:
    """One that the runtime client has made, and when it came."""

    def __init__(self, path: str, body: bytes) -> None:
        self.path = path
        self.body = body
        self.at = time.perf_counter()


class _RuntimeApi:
    """Lambda's runtime API, as far as the client of one environment asks for it.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """

    def __init__(self) -> None:
        self.requests: queue.Queue[_Request] = queue.Queue()
        self.events: queue.Queue[bytes | None] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.address = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "_RuntimeApi":
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.events.put(None)
        self._server.shutdown()
        self._server.server_close()


def _handler(api: _RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            api.requests.put(_Request(self.path, b""))
            if (event := api.events.get()) is None:
                self.close_connection = True
                return
            self.send_response(200)
            for name, value in _of_an_invocation().items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:
            body = self._body()
            api.requests.put(_Request(self.path, body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _of_an_invocation() -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": str(uuid.uuid4()),
        "Lambda-Runtime-Deadline-Ms": str(round((time.time() + 300) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": arn("lambda", "function:benchmark"),
        # Not sampled: there is no X-Ray daemon here.
        "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
    }
