"""The double on a socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EADDRINUSE
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from local.sendgrid_double.api import HEADER_NAMES
from local.sendgrid_double.double import SendGridDouble
from local.sendgrid_double.faults import ConnectionDropped
from local.sendgrid_double.gateway import Gateway

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class _KeepAliveRequestHandler(WSGIRequestHandler):
    """Keeps connections open, as SendGrid does. werkzeug's own handler closes them after every response."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or the body waits 40 ms for the client's acknowledgement of the headers

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        # The body is read whole, whatever becomes of it: the connection's next request line comes after it.
        length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        environ[HEADER_NAMES] = tuple(self.headers)
        try:
            response = Response.from_app(self.server.app, environ)
        except ConnectionDropped:
            self.close_connection = True
            return
        self.send_response(response.status_code)
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.get_data())

    def version_string(self) -> str:
        return "nginx"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Not logged: `SendGridDouble.requests` has it all."""


class _KeepAliveServer(ThreadedWSGIServer):
    """Closes the connections that are still open when it stops, so that a stopped double is unreachable."""

    def __init__(self, host: str, port: int, app: "WSGIApplication") -> None:
        self._connections: set[socket.socket] = set()
        super().__init__(host, port, app, _KeepAliveRequestHandler)

    def server_bind(self) -> None:
        """Raises SystemExit, as werkzeug does, but says which address it is about."""
        try:
            super().server_bind()
        except OSError as error:
            taken = error.errno == EADDRINUSE
            reason = "is in use by another program" if taken else f"cannot be listened on: {error.strerror}"
            raise SystemExit(f"Port {self.port} of {self.host} {reason}. Choose another one.") from error

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        with suppress(OSError):  # not every system takes it; the next poll is soon
            self.socket.shutdown(socket.SHUT_RDWR)  # ends the wait for a connection
        self.shutdown()
        for connection in self._connections.copy():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def serve(double: SendGridDouble, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves the double while the block runs, from threads of its own; gives its base URL.

    Port 0 is any free port. Raises SystemExit, with a message for the user, where it cannot listen.
    """
    server = _KeepAliveServer(host, port, Gateway(double))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://[{host}]:{server.port}" if ":" in host else f"http://{host}:{server.port}"
    finally:
        server.stop()
        thread.join()
