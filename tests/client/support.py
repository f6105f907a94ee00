"""What the client's tests share: its operations, and servers and transports that misbehave."""

import socketserver
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from threading import Event
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from contact_deletion.deadline import Deadline
from contact_deletion.requests.identifier_removal import IdentifierType
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.exports import ExportClient
from local.sendgrid_double import Account
from tests.contract import check
from tests.support.events import contact_id
from tests.support.serving import serving

EMAIL = "jane@example.com"


@dataclass(frozen=True)
class Known:
    """What SendGrid has: a contact that can lose its e-mail address, a job and an export."""

    contact: str
    job: str
    export: str

    @classmethod
    def to(cls, account: Account) -> "Known":
        contact = account.add_contact(email=EMAIL, external_id="x")
        return cls(contact, account.delete_contacts([contact_id(1)]).id, account.exports.start().id)


class WholeClient(SendGridClient, ExportClient):
    """Every call that some function makes."""


Operation = Callable[[WholeClient, Known, Deadline], object]

DELETIONS: dict[str, Operation] = {
    "delete_contacts": lambda client, known, deadline: client.delete_contacts([known.contact]),
    "delete_all_contacts": lambda client, known, deadline: client.delete_all_contacts(),
    "delete_identifier": lambda client, known, deadline: client.delete_identifier(
        known.contact, IdentifierType.EMAIL, EMAIL, deadline
    ),
}
LOOK_UPS: dict[str, Operation] = {
    "contact": lambda client, known, deadline: client.contact(known.contact, deadline),
    "contact_count": lambda client, known, deadline: client.contact_count(deadline),
    "existing_contacts": lambda client, known, deadline: client.existing_contacts([known.contact], deadline),
    "sampled_contacts": lambda client, known, deadline: client.sampled_contacts(deadline),
    "job": lambda client, known, deadline: client.job(known.job, deadline),
    "export": lambda client, known, deadline: client.export(known.export, deadline),
}
EXPORTS: dict[str, Operation] = {
    "start_export": lambda client, known, deadline: client.start_export(deadline),
}
WAITING: dict[str, Operation] = {"delete_identifier": DELETIONS["delete_identifier"]} | LOOK_UPS | EXPORTS
"""Those that wait for the rate limit's reset themselves."""

OPERATIONS = DELETIONS | LOOK_UPS | EXPORTS


def with_each(first: object, *others: object, names: Iterable[str] = OPERATIONS) -> list[tuple[str, Any]]:
    """Every operation with the first case, one operation of each HTTP method with the others.

    For cases that the operations share the code of, but for how it is called.
    """
    of_each_method = [name for name in ("delete_contacts", "contact_count", "start_export") if name in names]
    return [
        *((name, first) for name in names),
        *((name, other) for other in others for name in of_each_method),
    ]


class ContractAdapter(HTTPAdapter):
    """Holds every exchange to the contract, and hands on an answer that nobody has read yet."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        response = super().send(request, *args, **options)
        check(response)
        self.statuses.append(response.status_code)
        response.raw = HTTPResponse(
            BytesIO(response.content),
            headers=dict(response.headers),
            status=response.status_code,
            preload_content=False,
        )
        return response


class FailingAdapter(HTTPAdapter):
    """Raises an error in place of every answer, after `wait`, and notes the timeouts that it was given."""

    def __init__(self, error: requests.RequestException, wait: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._error = error
        self._wait = wait
        self.timeouts: list[Any] = []

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.timeouts.append(options["timeout"])
        self._wait()
        raise self._error


@contextmanager
def raw_server(answer: bytes, *, then_hangs: bool = False) -> Iterator[str]:
    """Answers every request with these bytes and closes, or falls silent; gives its base URL."""
    stopped = Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while self.rfile.readline().strip():
                    pass
                self.wfile.write(answer)
                if then_hangs:
                    stopped.wait()

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as server:
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            stopped.set()


def http_answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer's bytes; without a Content-Length among the headers the body ends with the connection."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode("latin-1") + body
