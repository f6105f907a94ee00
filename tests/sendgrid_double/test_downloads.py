"""The links of an export behave as S3's presigned ones."""

import gzip
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import requests

from local.sendgrid_double import ExportFlaw, Fault, RateLimit, SendGridDouble
from tests.sendgrid_double.conftest import EXPORT_DELAY
from tests.sendgrid_double.support import API_KEY, CONTACTS, ApiSession, add_contacts

Linked = Callable[..., str]


@pytest.fixture
def linked(double: SendGridDouble, api: ApiSession) -> Linked:
    """Makes an export of three contacts, with a flaw or without, and gives the link to its file."""

    def link(flaw: ExportFlaw | None = None) -> str:
        add_contacts(double.account, 3)
        if flaw:
            double.account.exports.spoil_next(flaw)
        export = double.account.exports.start()
        double.clock.advance(EXPORT_DELAY)
        (url,) = api.get(f"{CONTACTS}/exports/{export.id}").json()["urls"]
        return str(url)

    return link


def download(url: str, **headers: str) -> requests.Response:
    return requests.get(url, headers=headers, timeout=30)


def code_of(response: requests.Response) -> str | None:
    return ElementTree.fromstring(response.content).findtext("Code")  # noqa: S314 - the double's own answer


def test_a_link_needs_no_key_and_no_accept_header(linked: Linked) -> None:
    response = download(linked(), Accept="image/png")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "binary/octet-stream")
    assert gzip.decompress(response.content).startswith(b"EMAIL,")
    assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: url[:-1],
        lambda url: url.partition("?")[0],
        lambda url: url.replace("/0.csv.gz", "/1.csv.gz"),
        lambda url: url.replace("/exports/", "/exports/0"),
    ],
    ids=["signature cut", "no signature", "another file", "another export"],
)
def test_link_that_was_tampered_with_is_refused(linked: Linked, spoil: Callable[[str], str]) -> None:
    response = download(spoil(linked()))
    assert (response.status_code, code_of(response)) == (403, "SignatureDoesNotMatch")


def test_link_is_for_reading_without_a_key(linked: Linked) -> None:
    url = linked()
    with_a_key, written = download(url, Authorization=f"Bearer {API_KEY}"), requests.put(url, timeout=30)
    assert (with_a_key.status_code, code_of(with_a_key)) == (400, "InvalidArgument")
    assert (written.status_code, code_of(written)) == (405, "MethodNotAllowed")


@pytest.mark.parametrize("valid_seconds", [0, 10])
def test_expired_link_is_refused(double: SendGridDouble, linked: Linked, valid_seconds: int) -> None:
    double.settings.export_lifetime_seconds = EXPORT_DELAY + valid_seconds
    url = linked()
    if valid_seconds:
        double.clock.advance(valid_seconds - 1)
        assert download(url).status_code == 200
        double.clock.advance(1)
    response = download(url)
    assert (response.status_code, code_of(response)) == (403, "AccessDenied")


def test_a_part_of_the_file_can_be_asked_for(linked: Linked) -> None:
    url = linked()
    whole = download(url).content
    response = download(url, Range="bytes=10-19")
    assert (response.status_code, response.content) == (206, whole[10:20])
    assert response.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    beyond = download(url, Range=f"bytes={len(whole)}-")
    assert beyond.status_code == 416


def test_a_download_can_break_off(linked: Linked) -> None:
    url = linked(ExportFlaw(broken_downloads=True))
    with requests.get(url, stream=True, timeout=30) as response:
        received = response.raw.read(int(response.headers["Content-Length"]) // 2)
        assert (response.status_code, len(received)) == (200, int(response.headers["Content-Length"]) // 2)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        download(url)


def test_a_cut_file_comes_whole_and_cannot_be_unpacked(linked: Linked) -> None:
    response = download(linked(ExportFlaw(cut_files=True)))
    assert int(response.headers["Content-Length"]) == len(response.content)
    with pytest.raises(EOFError):
        gzip.decompress(response.content)


def test_each_download_is_recorded_and_not_rate_limited(double: SendGridDouble, linked: Linked) -> None:
    double.rate_limiter.configure(RateLimit(limit=1, window_seconds=3600))
    url = linked()
    responses = [download(url) for _ in range(3)]
    assert [response.status_code for response in responses] == [200] * 3
    assert len({response.content for response in responses}) == 1
    assert not any("X-RateLimit-Limit" in response.headers for response in responses)
    routes = [(received.method, received.route, received.status) for received in double.requests]
    assert routes[1:] == [("GET", "/_s3/exports/{export_id}/{file_name}", 200)] * 3


def test_fault_can_be_for_downloads_alone(double: SendGridDouble, api: ApiSession, linked: Linked) -> None:
    double.faults.add(Fault(route="/_s3/*", status=503))
    url = linked()
    assert [download(url).status_code for _ in range(2)] == [503, 200]


def test_latency_is_added_to_downloads_too(double: SendGridDouble, linked: Linked, naps: list[float]) -> None:
    url = linked()
    double.latency_seconds = 0.25
    download(url)
    assert naps == [0.25]
