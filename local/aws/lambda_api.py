"""Lambda's Invoke call on loopback, for the tasks of workflows."""

import json
import re
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from local.aws.execution_environment import FunctionError
from local.aws.function import Function

_INVOKE_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class LambdaApi:
    """Starts on entering; leaving waits for the invocations that run. Every invocation is synchronous.

    `functions` are by name, and may be added later.
    """

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self._functions = functions

    def __enter__(self) -> Self:
        self._server = _Server(self._functions)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for them

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions
        super().__init__(("127.0.0.1", 0), _InvokeHandler)


class _InvokeHandler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        path = _INVOKE_PATH.fullmatch(self.path)
        name = _function_name(unquote(path[1])) if path else self.path
        payload = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with suppress(ConnectionError):  # the caller may have gone meanwhile
            self._invoke(name, json.loads(payload or "{}"))

    def _invoke(self, name: str, event: Any) -> None:
        function = self.server.functions.get(name)
        if function is None:
            error = {"Type": "User", "Message": f"Function not found: {name}"}
            self._answer(error, HTTPStatus.NOT_FOUND, {"x-amzn-ErrorType": "ResourceNotFoundException"})
            return
        try:
            result = function.invoke(event)
        except FunctionError as failure:
            self._answer(failure.payload, HTTPStatus.OK, {"X-Amz-Function-Error": "Unhandled"})
        else:
            self._answer(result, HTTPStatus.OK, {})

    def _answer(self, body: Any, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        """Not logged: each function has a log of its own."""


def _function_name(name_or_arn: str) -> str:
    """Of a name or `arn:aws:lambda:region:account:function:name`, each perhaps with a qualifier."""
    parts = name_or_arn.split(":")
    return parts[6] if parts[0] == "arn" else parts[0]
