"""What is hostile about an answer besides its JSON: headers, lengths, encodings, and how much there is of it."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.backup.export_progress import file_id
from contact_deletion.errors import BackupIncomplete, NotAccepted, SendGridUnavailable
from local.sendgrid_double import Fault
from tests.client.support import RawServer, http_response
from tests.hostile.functions import PART, Functions
from tests.hostile.responses import CALLS, CONTACTS, Call
from tests.hostile.values import fuzz
from tests.support.serving import serving

MEBIBYTE = 1024 * 1024
BODY = b'{"contact_count": 7}'
# It takes no compression of a gigabyte: gzip members may follow one another.
GIGABYTE_OF_ZEROS = gzip.compress(bytes(MEBIBYTE)) * 1024

NAMES = [
    *("Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Content-Range", "Location"),
    *("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Set-Cookie"),
    *("Refresh", "Date", "Connection", "Keep-Alive", "Upgrade", "Trailer", "Link", "WWW-Authenticate"),
    "Strict-Transport-Security",
]
VALUES = [
    *("", " ", "0", "1", "-1", "7", "20", "1e999", "NaN", "Infinity", "-0.0", "9" * 400, "0x10", "1_0"),
    *("1, 2", "20, 20", "Sun, 99 Nov 0000"),
    *("gzip", "gzip, gzip", ", ".join(["gzip"] * 100), "br", "zstd", "deflate", "identity", "x-nonsense"),
    *("chunked", "close", "keep-alive", "timeout=x", "h2c"),
    *("application/json; charset", "text/html; charset=", "; charset=utf-7;;=", "a/b; charset=\xff"),
    *("a=b; Domain=.com; Path=/", "a=b; Expires=Thu, 99 Foo 99999 99:99:99 GMT; Max-Age=x", "=;;="),
    'a=b; Version=x; Port="x"',
    *("http://[", "//", "\xe9\xff", "\x00", "\x85", "<>;=,", "x" * 60_000),
]
STATUSES = [
    *("200 OK", "200", "202 \xff", "204 No Content", "206 Partial", "226 x", "304 Not Modified"),
    *("401 x", "429 x", "500 x", "999 x"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with serving(RawServer()) as server:
        yield server


@pytest.fixture
def of_server(functions: Functions, server: RawServer) -> Iterator[Functions]:
    """The functions, for which the server is SendGrid."""
    world = functions.world
    own = world.runtime
    world.change_settings(sendgrid_base_url=server.url)
    yield functions
    world.runtime = own


headers = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(VALUES) | st.text(st.characters(max_codepoint=255), max_size=20),
    ),
    max_size=4,
)


@given(st.sampled_from(STATUSES), headers, st.sampled_from([BODY, gzip.compress(BODY), b"7\r\n" + BODY, b""]))
@fuzz(20)
def test_headers_are_never_more_than_an_outage(
    of_server: Functions, server: RawServer, status: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    of_server.forget()
    of_server.restart()
    server.answer = http_response(status, body, *(f"{name}: {value}" for name, value in headers))
    server.heard.clear()
    outcome = of_server.outcome("contact_count", {})
    assert isinstance(outcome, NotAccepted) or outcome["contact_count"] in (0, 7)
    asked = [line for line in server.heard if line.startswith(b"GET")]
    assert set(asked) == {b"GET /v3/marketing/contacts/count HTTP/1.1\r\n"}
    assert not any(line.lower().startswith(b"cookie") for line in server.heard)


ENCODED = {
    "gzip": ("gzip", GIGABYTE_OF_ZEROS),
    "gzip in gzip": ("gzip, gzip", gzip.compress(GIGABYTE_OF_ZEROS)),
    "deflate": ("deflate", zlib.compress(bytes(256 * MEBIBYTE), 1)),
    "a hundred times": (", ".join(["gzip"] * 100), gzip.compress(BODY)),
    "not zipped": ("gzip", b"\0" * MEBIBYTE),
    "more than is promised": ("gzip", gzip.compress(BODY) + GIGABYTE_OF_ZEROS),
}


ONE_OF_EACH_METHOD = [
    call for call in CALLS if call.function in {"bulk_delete", "contact_count", "export_start"}
]


def outcome_and_peak(functions: Functions, name: str, **changed: Any) -> tuple[Any, int]:
    """What becomes of a request with these fields changed, and the most bytes of memory that it takes."""
    tracemalloc.start()
    try:
        outcome = functions.outcome(name, functions.request_of(name) | changed)
        return outcome, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("case", ENCODED)
@pytest.mark.parametrize("call", ONE_OF_EACH_METHOD, ids=str)
def test_a_body_that_unpacks_to_a_gigabyte_is_not_unpacked(
    of_server: Functions, server: RawServer, call: Call, case: str
) -> None:
    encoding, body = ENCODED[case]
    server.answer = http_response(f"{call.status} OK", body, f"Content-Encoding: {encoding}")
    of_server.restart()
    outcome, peak = outcome_and_peak(of_server, call.function)
    assert isinstance(outcome, SendGridUnavailable)
    assert peak < 48 * MEBIBYTE


ROWS = {
    "one row of zeros": gzip.compress(b"CONTACT_ID\n") + GIGABYTE_OF_ZEROS,
    "no header but zeros": GIGABYTE_OF_ZEROS,
    "one row of commas": gzip.compress(b"CONTACT_ID\n") + gzip.compress(b"," * MEBIBYTE) * 256,
    "one row of many lines": gzip.compress(b"CONTACT_ID\n")
    + gzip.compress(b'"%b",' % ((b"x" * 20_000 + b"\n") * 5) * 10) * 256,
    "one field of many lines": gzip.compress(b'CONTACT_ID\n"') + gzip.compress(b"\n" * MEBIBYTE) * 256,
}


@pytest.mark.parametrize("case", ROWS)
def test_an_exports_file_that_unpacks_to_one_row_is_not_held(
    functions: Functions, server: RawServer, case: str
) -> None:
    body = ROWS[case]
    server.answer = http_response("200 OK", body, f"Content-Length: {len(body)}")
    response = {"status": "ready", "urls": [f"{server.url}/file"]}
    functions.world.double.faults.add(
        Fault(route=f"{CONTACTS}/exports/{{export_id}}", status=200, body=response)
    )
    outcome, peak = outcome_and_peak(functions, "export_copy", file_id=file_id(response["urls"][0]))
    assert isinstance(outcome, BackupIncomplete)
    assert peak < 100 * MEBIBYTE
    key = functions.request_of("backup_check")["parts"][0]["key"]
    versions = functions.bucket.s3.list_object_versions(Bucket=functions.bucket.name, Prefix=key)["Versions"]
    assert all(version["Size"] == len(PART) for version in versions)


def test_a_cookie_is_never_sent_back(of_server: Functions, server: RawServer) -> None:
    cookies = ["a=b", "a=b; Path=/; Domain=127.0.0.1", "a=b; Max-Age=99999", "__Host-a=b; Secure; Path=/"]
    server.answer = http_response("200 OK", BODY, *(f"Set-Cookie: {cookie}" for cookie in cookies))
    server.heard.clear()
    for _ in range(2):
        assert of_server.outcome("contact_count", {})["contact_count"] == 7
    assert sum(line.startswith(b"GET") for line in server.heard) == 2
    assert not any(line.lower().startswith(b"cookie") for line in server.heard)
