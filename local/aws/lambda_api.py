"""Lambda's API on loopback: synchronous invocations, and the event source mappings, which can be disabled and enabled.

Calls that are not implemented get status 501.
"""

import json
import re
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from local.aws.event_source_mapping import EventSourceMapping
from local.aws.execution_environment import FunctionError
from local.aws.function import Function
from local.aws.names import arn, function_name

LAMBDA_PATH = "/2015-03-31/"

_INVOCATIONS = re.compile(rf"{LAMBDA_PATH}functions/([^/]+)/invocations")
_EVENT_SOURCE_MAPPING = re.compile(rf"{LAMBDA_PATH}event-source-mappings(?:/([^/]*))?")
_SYNCHRONOUS = "RequestResponse"


class LambdaApi:
    """Starts on entering; leaving waits for the invocations that run.

    `functions` are by name, `event_source_mappings` by queue; both may be added later.
    """

    def __init__(
        self, functions: Mapping[str, Function], event_source_mappings: Mapping[str, EventSourceMapping]
    ) -> None:
        self._functions = functions
        self._event_source_mappings = event_source_mappings

    def __enter__(self) -> Self:
        self._server = _Server(self._functions, self._event_source_mappings)
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

    def __init__(
        self, functions: Mapping[str, Function], event_source_mappings: Mapping[str, EventSourceMapping]
    ) -> None:
        self.functions = functions
        self.event_source_mappings = event_source_mappings
        super().__init__(("127.0.0.1", 0), _Handler)


@dataclass(frozen=True)
class _Response:
    body: Any
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


class _ApiError(Exception):
    """An error that is the caller's, by the name of its exception in boto3."""

    def __init__(self, status: HTTPStatus, name: str, message: str) -> None:
        super().__init__(message)
        self.response = _Response(
            {"Type": "User", "Message": message}, status=status, headers={"x-amzn-ErrorType": name}
        )


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_PUT(self) -> None:
        self._respond()

    def do_DELETE(self) -> None:
        self._respond()

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            response = self._response(body)
        except _ApiError as error:
            response = error.response
        with suppress(ConnectionError):  # the caller may have gone meanwhile
            self.send_response(response.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(response.body).encode())

    def _response(self, body: bytes) -> _Response:
        url = urlsplit(self.path)
        if self.command == "POST" and (path := _INVOCATIONS.fullmatch(url.path)):
            return self._invoke(function_name(unquote(path[1])), body)
        if path := _EVENT_SOURCE_MAPPING.fullmatch(url.path):
            match self.command, path[1] or "":
                case "GET", "":
                    return self._list_event_source_mappings(parse_qs(url.query))
                case "GET", mapping_id:
                    return _Response(_described(self._event_source_mapping(mapping_id)))
                case "PUT", mapping_id:
                    return self._update_event_source_mapping(mapping_id, json.loads(body))
        raise _not_implemented(f"{self.command} {url.path}")

    def _invoke(self, name: str, payload: bytes) -> _Response:
        function = self.server.functions.get(name)
        if function is None:
            raise _not_found(f"Function not found: {arn('lambda', f'function:{name}')}")
        if (kind := self.headers.get("X-Amz-Invocation-Type", _SYNCHRONOUS)) != _SYNCHRONOUS:
            raise _not_implemented(f"invocation type {kind}")
        try:
            event = json.loads(payload or "{}")
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            raise _ApiError(HTTPStatus.BAD_REQUEST, "InvalidRequestContentException", message) from error
        version = {"X-Amz-Executed-Version": "$LATEST"}
        try:
            return _Response(function.invoke(event), headers=version)
        except FunctionError as failure:
            return _Response(failure.payload, headers={"X-Amz-Function-Error": "Unhandled", **version})

    def _list_event_source_mappings(self, query: Mapping[str, list[str]]) -> _Response:
        """Of one function or queue, where the query names one."""
        (function,) = query.get("FunctionName", [None])
        (queue_arn,) = query.get("EventSourceArn", [None])
        found = [
            _described(mapping)
            for mapping in self.server.event_source_mappings.values()
            if function is None or mapping.configuration.function_name == function_name(function)
            if queue_arn is None or mapping.configuration.queue_arn == queue_arn
        ]
        return _Response({"EventSourceMappings": found})

    def _update_event_source_mapping(self, mapping_id: str, changes: Mapping[str, Any]) -> _Response:
        mapping = self._event_source_mapping(mapping_id)
        if unknown := changes.keys() - {"Enabled", "FunctionName"}:
            raise _not_implemented(f"a change of {', '.join(sorted(unknown))}")
        if "Enabled" in changes:
            (mapping.enable if changes["Enabled"] else mapping.disable)()
        return _Response(_described(mapping), status=HTTPStatus.ACCEPTED)

    def _event_source_mapping(self, mapping_id: str) -> EventSourceMapping:
        for mapping in self.server.event_source_mappings.values():
            if mapping.uuid == mapping_id:
                return mapping
        raise _not_found("The resource you requested does not exist.")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Not logged: each function has a log of its own."""


def _not_found(message: str) -> _ApiError:
    return _ApiError(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", message)


def _not_implemented(what: str) -> _ApiError:
    return _ApiError(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"not implemented on this machine: {what}")


def _described(mapping: EventSourceMapping) -> dict[str, Any]:
    """As GetEventSourceMapping responds. A change has taken effect when its response comes: no state is in between."""
    configuration = mapping.configuration
    return {
        "UUID": mapping.uuid,
        "EventSourceArn": configuration.queue_arn,
        "FunctionArn": arn("lambda", f"function:{configuration.function_name}"),
        "BatchSize": configuration.batch_size,
        "MaximumBatchingWindowInSeconds": int(configuration.batching_window_seconds),
        "ScalingConfig": {"MaximumConcurrency": configuration.maximum_concurrency},
        "FunctionResponseTypes": ["ReportBatchItemFailures"] * configuration.report_batch_item_failures,
        "State": "Enabled" if mapping.enabled else "Disabled",
        "StateTransitionReason": "USER_INITIATED",
    }
