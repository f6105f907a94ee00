"""What stands between a role and moto: refuses what the role's policies do not allow, and keeps what was asked."""

import http.client
import threading
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from tests.permissions.calls import needed
from tests.permissions.policy import Call, Policy

_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


class Gate:
    """An endpoint for AWS clients of one role. Starts on entering and stops on leaving.

    `allowed` has what was let through and is done, `denied` what was not.
    """

    def __init__(self, policy: Policy, moto_url: str) -> None:
        self.policy = policy
        self.allowed: list[Call] = []
        self.denied: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, urlsplit(moto_url).netloc))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        serve = partial(self._server.serve_forever, poll_interval=0.05)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def admits(self, calls: Sequence[Call]) -> bool:
        refused = [call for call in calls if not self.policy.allows(call)]
        self.denied += refused
        return not refused


def _handler(gate: Gate, moto: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            calls = needed(self.command, self.path, dict(self.headers), body)
            if gate.admits(calls):
                response, content = self._forward(body)
                gate.allowed += calls
                self._answer(response, content)
            else:
                self._refuse(calls[0])

        def _forward(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
            with closing(http.client.HTTPConnection(moto)) as connection:
                connection.request(self.command, self.path, body, dict(self.headers))
                response = connection.getresponse()
                return response, response.read()

        def _answer(self, response: http.client.HTTPResponse, content: bytes) -> None:
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in _OF_THE_CONNECTION | {"content-length"}:
                    self.send_header(name, value)
            # The response to HEAD has the length of what it leaves out.
            length = response.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _refuse(self, call: Call) -> None:
            content = b""
            if call.action.startswith("s3:"):
                if self.command != "HEAD":
                    content = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
                self.send_response(403)
            else:
                content = b'{"__type": "AccessDeniedException", "Message": "not authorized"}'
                self.send_response(400)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
