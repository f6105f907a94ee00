"""What the client's tests share: its operations, and servers and transports that misbehave."""

import socketserver
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from threading import Event
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from contact_deletion.deadline import Deadline
from contact_deletion.requests.backups import ContactSource
from contact_deletion.requests.identifiers import IdentifierType
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.exports import ExportClient
from local.sendgrid_double import Account
from tests.contract import check
from tests.support.events import contact_id
from tests.support.serving import serving
from tests.support.world import World

EMAIL = "jane@example.com"


class WholeClient(SendGridClient, ExportClient):
    """Every call that some function makes."""


class Api:
    """A new execution environment's client, and what SendGrid has: a contact that can lose its e-mail address, a job
    and an export.
    """

    def __init__(self, world: World, account: Account | None = None) -> None:
        self.client = world.runtime.client(WholeClient)
        self.deadline = Deadline.of(world.context, world.clock)
        account = world.double.account if account is None else account
        self.contact = account.add_contact(email=EMAIL, external_id="x")
        self.job = account.delete_contacts([contact_id(1)]).id
        self.export = account.exports.start().id

    def call(self, operation: str, deadline: Deadline | None = None) -> Any:
        """Makes the call of this name."""
        return OPERATIONS[operation](self, deadline or self.deadline)

    def contact_count(self) -> int:
        return self.client.contact_count(self.deadline)

    def delete_contacts(self, count: int = 1) -> str:
        return self.client.delete_contacts([contact_id(number) for number in range(count)])


Operation = Callable[[Api, Deadline], object]


DELETIONS: dict[str, Operation] = {
    "delete_contacts": lambda api, deadline: api.client.delete_contacts([api.contact]),
    "delete_all_contacts": lambda api, deadline: api.client.delete_all_contacts(),
    "delete_identifier": lambda api, deadline: api.client.delete_identifier(
        api.contact, IdentifierType.EMAIL, EMAIL, deadline
    ),
}
LOOK_UPS: dict[str, Operation] = {
    "contact": lambda api, deadline: api.client.contact(api.contact, deadline),
    "contact_count": lambda api, deadline: api.client.contact_count(deadline),
    "existing_contacts": lambda api, deadline: api.client.existing_contacts([api.contact], deadline),
    "search_identifiers": lambda api, deadline: api.client.search_identifiers(
        IdentifierType.EMAIL, [EMAIL], deadline
    ),
    "search_emails": lambda api, deadline: api.client.search_emails([EMAIL], deadline),
    "sampled_contacts": lambda api, deadline: api.client.sampled_contacts(deadline),
    "job": lambda api, deadline: api.client.job(api.job),
    "export": lambda api, deadline: api.client.export(api.export, deadline),
}
EXPORTS: dict[str, Operation] = {
    "start_export": lambda api, deadline: api.client.start_export(ContactSource(), deadline)
}
WAITING: dict[str, Operation] = {
    "delete_identifier": DELETIONS["delete_identifier"],
    **{name: look_up for name, look_up in LOOK_UPS.items() if name != "job"},
    **EXPORTS,
}
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
    """Holds every exchange to the contract, and hands on a response whose body has not been read yet."""

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


class RawServer(socketserver.ThreadingTCPServer):
    """Answers every request with these bytes and closes, or falls silent; keeps the lines that it receives."""

    def __init__(
        self,
        answer: bytes = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        *,
        then_hangs: bool = False,
    ) -> None:
        self.answer = answer
        self.heard: list[bytes] = []
        self.stopped = Event()
        if not then_hangs:
            self.stopped.set()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: RawServer

    def handle(self) -> None:
        with suppress(OSError):  # the client may have had enough
            self.server.heard.append(self.rfile.readline())
            while line := self.rfile.readline().strip():
                self.server.heard.append(line)
            self.wfile.write(self.server.answer)
            self.server.stopped.wait()


@contextmanager
def raw_server(answer: bytes, *, then_hangs: bool = False) -> Iterator[str]:
    """Gives the base URL of a RawServer that answers while the block runs."""
    with serving(RawServer(answer, then_hangs=then_hangs)) as server:
        try:
            yield server.url
        finally:
            server.stopped.set()


def http_response(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An answer's bytes; without a Content-Length among the headers the body ends with the connection."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode("latin-1") + body
