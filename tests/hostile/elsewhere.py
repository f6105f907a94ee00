"""A host that is not SendGrid, and one that answers as SendGrid in raw bytes."""

import socketserver
from contextlib import suppress


class RawServer(socketserver.ThreadingTCPServer):
    """Answers every request with `answer` and closes; keeps what it hears."""

    def __init__(self) -> None:
        self.answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        self.heard: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: RawServer

    def handle(self) -> None:
        self.server.heard.append(self.rfile.readline())
        while line := self.rfile.readline().strip():
            self.server.heard.append(line)
        with suppress(OSError):  # the client may have had enough
            self.wfile.write(self.server.answer)
