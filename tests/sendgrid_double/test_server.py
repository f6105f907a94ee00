import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

import pytest
import requests

from local.sendgrid_double import Fault, SendGridDouble, serve
from tests.sendgrid_double.support import API_KEY, CONTACTS, ApiSession

COUNT = f"{CONTACTS}/count"
HEADERS = {"Authorization": f"Bearer {API_KEY}", "Accept": "application/json"}


@pytest.fixture
def connection(base_url: str) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=120)
    opened.connect()
    yield opened
    opened.close()


def status_of(connection: http.client.HTTPConnection, method: str, path: str, body: object = None) -> int:
    content = None if body is None else json.dumps(body)
    connection.request(method, path, content, HEADERS | {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    return response.status


def test_a_connection_stays_open(connection: http.client.HTTPConnection) -> None:
    first_socket = connection.sock
    assert [status_of(connection, "GET", COUNT) for _ in range(3)] == [200, 200, 200]
    assert connection.sock is first_socket


def test_unread_body_is_no_next_request(
    double: SendGridDouble, connection: http.client.HTTPConnection
) -> None:
    double.faults.add(Fault(status=503))
    assert status_of(connection, "DELETE", CONTACTS, {"ids": ["a"] * 1000}) == 503
    assert status_of(connection, "GET", COUNT) == 200


def test_a_chunked_body_is_understood(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(email="a@example.com")
    response = api.post(
        f"{CONTACTS}/batch",
        data=iter([b'{"ids": [', f'"{contact_id}"]}}'.encode()]),
        headers={"Content-Type": "application/json"},
    )
    assert [contact["id"] for contact in response.json()["result"]] == [contact_id]


def test_eight_calls_are_answered_side_by_side(double: SendGridDouble, base_url: str) -> None:
    all_in_flight = threading.Barrier(8, timeout=120)
    double.latency_seconds = 1

    def sleep(_: float) -> None:
        all_in_flight.wait()

    double.sleep = sleep
    with ThreadPoolExecutor(8) as callers:
        get = partial(requests.get, headers=HEADERS, timeout=120)
        responses = list(callers.map(get, [base_url + COUNT] * 8))
    assert [response.status_code for response in responses] == [200] * 8


def test_a_stopped_double_is_unreachable_even_on_open_connections(double: SendGridDouble) -> None:
    with serve(double) as base_url, ApiSession(base_url) as api:
        api.get(COUNT)
        address = urlsplit(base_url)
        kept = socket.create_connection((address.hostname, address.port), timeout=120)
        kept.sendall(f"GET {COUNT} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert kept.recv(12) == b"HTTP/1.1 401"
    with kept:
        kept.settimeout(30)
        while kept.recv(4096):  # what is left of the answer, then the end
            pass
    with pytest.raises(requests.ConnectionError):
        api.get(COUNT)


def test_ipv6_address_is_in_brackets(double: SendGridDouble) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    with serve(double, host="::1") as base_url, ApiSession(base_url) as api:
        assert base_url.startswith("http://[::1]:")
        assert api.get(COUNT).status_code == 200


def test_two_doubles_run_side_by_side(double: SendGridDouble) -> None:
    with serve(double) as one, serve(SendGridDouble()) as other, ApiSession(other) as api:
        assert one != other
        assert api.get(COUNT).status_code == 200
    assert double.requests == []
