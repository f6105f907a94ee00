"""What each way of failing becomes, and whether SendGrid may have received the call all the same."""

import gzip
import json
import socket
from dataclasses import replace

import pytest
import requests

from contact_deletion.errors import SendGridRefused, SendGridUnavailable
from contact_deletion.sendgrid import transport as transport_module
from contact_deletion.sendgrid.transport import CALL_SECONDS
from local.sendgrid_double import Fault
from tests.client.support import (
    DELETIONS,
    EMAIL,
    OPERATIONS,
    Api,
    FailingAdapter,
    WholeClient,
    http_response,
    raw_server,
    with_each,
)
from tests.support.events import contact_id
from tests.support.world import World

JOB_BODY = json.dumps({"job_id": "21be0c9d-73ca-40a6-a903-13adea0eb0a8"}).encode()

each_operation = pytest.mark.parametrize("name", OPERATIONS)


def api_of(world: World, base_url: str) -> Api:
    world.change_settings(sendgrid_base_url=base_url)
    return Api(world)


FAILURES = {
    "500": Fault(status=500),
    "502 in HTML": Fault(status=502),
    "500 cut off": Fault(status=500, truncate=True),
    "dropped": Fault(drop=True),
    "dropped after its effect": Fault(drop=True, takes_effect=True),
    "page of the edge": Fault(status=406, body="<html>Not Acceptable</html>"),
}
# What is read of an answer, each operation says itself.
UNUSABLE_SUCCESSES = {
    "success cut off": Fault(truncate=True),
    "success in HTML": Fault(status=202, body="<html></html>", takes_effect=True),
    "success without a body": Fault(status=204),
}


@pytest.mark.parametrize(
    ("name", "case"),
    [*with_each(*FAILURES), *((name, case) for name in OPERATIONS for case in UNUSABLE_SUCCESSES)],
)
def test_a_call_that_failed_may_have_been_received_and_the_next_one_works(
    world: World, api: Api, name: str, case: str
) -> None:
    world.double.faults.add((FAILURES | UNUSABLE_SUCCESSES)[case])
    with pytest.raises(SendGridUnavailable) as raised:
        api.call(name)
    assert raised.value.maybe_received
    assert len(world.double.requests) == 1
    assert api.call(name) is not None


@pytest.mark.parametrize("name", DELETIONS)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_with_a_job_id_is_a_success(world: World, api: Api, name: str, status: int) -> None:
    world.double.faults.add(Fault(status=status, body={"job_id": "job-1"}))
    assert api.call(name) == "job-1"


@each_operation
def test_a_server_that_is_unreachable_has_surely_received_nothing(world: World, name: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(SendGridUnavailable, match="ConnectionError") as raised:
        api_of(world, f"http://127.0.0.1:{port}").call(name)
    assert not raised.value.maybe_received


@pytest.mark.parametrize(
    ("name", "kind"),
    with_each(
        *(requests.ConnectTimeout, requests.ReadTimeout, requests.ConnectionError),
        requests.exceptions.ChunkedEncodingError,
    ),
)
def test_an_error_on_the_way_is_named_by_its_class_alone(
    world: World, api: Api, name: str, kind: type[requests.RequestException]
) -> None:
    adapter = FailingAdapter(kind("planted"))
    world.runtime.session.mount("http://", adapter)
    with pytest.raises(SendGridUnavailable, match=kind.__name__) as raised:
        api.call(name)
    assert raised.value.maybe_received is (kind is not requests.ConnectTimeout)
    assert "planted" not in raised.value.message
    ((connect, read),) = adapter.timeouts
    assert 0 < connect + read <= CALL_SECONDS


PLAIN = http_response("202 Accepted", JOB_BODY)
CHUNKED = http_response(
    "202 Accepted", b"%x\r\n%s\r\n0\r\n\r\n" % (len(JOB_BODY), JOB_BODY), "Transfer-Encoding: chunked"
)
ZIPPED = http_response("202 Accepted", gzip.compress(JOB_BODY), "Content-Encoding: gzip")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        *((name, b"") for name in OPERATIONS),
        ("delete_contacts", http_response("202 Accepted", JOB_BODY, "Content-Length: 1000")),
    ],
    ids=lambda value: value if isinstance(value, str) else "in its answer" if value else "before it answers",
)
def test_a_server_that_falls_silent_is_given_up(
    world: World, name: str, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "READ_SECONDS", 0.1)
    with raw_server(answer, then_hangs=True) as url, pytest.raises(SendGridUnavailable) as raised:
        api_of(world, url).call(name)
    assert raised.value.maybe_received
    assert answer or "ReadTimeout" in raised.value.message


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, ZIPPED], ids=["until it closes", "chunked", "zipped"])
def test_an_answer_is_read_however_it_is_sent(world: World, answer: bytes) -> None:
    with raw_server(answer) as url:
        job_id = api_of(world, url).delete_contacts()
    assert job_id == json.loads(JOB_BODY)["job_id"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x16\x03\x01\x02\x00", id="another protocol"),
        pytest.param(PLAIN[:-5], id="body cut off"),
        pytest.param(CHUNKED[:-15], id="last chunk cut off"),
        pytest.param(http_response("202 Accepted", b"zz\r\nx", "Transfer-Encoding: chunked"), id="no chunks"),
        pytest.param(http_response("202 Accepted", JOB_BODY, "Content-Encoding: gzip"), id="not zipped"),
        pytest.param(ZIPPED[:-20], id="zipped body cut off"),
        pytest.param(http_response("202 Accepted", b"", *["X: y"] * 200), id="too many headers"),
        pytest.param(http_response("302 Found", b"", "Location: http://[broken"), id="redirect to no URL"),
        pytest.param(http_response("302 Found", b"", "Location: /\xe9"), id="redirect to no text"),
    ],
)
def test_an_answer_that_is_broken_is_an_outage(world: World, answer: bytes) -> None:
    with raw_server(answer) as url, pytest.raises(SendGridUnavailable) as raised:
        api_of(world, url).delete_contacts()
    assert raised.value.maybe_received


def padded(size: int) -> Fault:
    """A success with a body of so many bytes."""
    return Fault(status=202, body=JOB_BODY.decode() + " " * (size - len(JOB_BODY)))


def test_a_body_of_up_to_a_mebibyte_is_read(world: World, api: Api) -> None:
    world.double.faults.add(padded(1024 * 1024))
    assert api.delete_contacts()


def test_a_larger_body_is_not_read_to_its_end(world: World, api: Api) -> None:
    world.double.faults.add(padded(1024 * 1024 + 1))
    with pytest.raises(SendGridUnavailable) as raised:
        api.delete_contacts()
    assert raised.value.maybe_received


def test_a_body_that_does_not_end_in_time_is_given_up(world: World) -> None:
    """Each look at the clock takes five seconds, and so much body many looks."""

    def slow_clock() -> float:
        world.clock.advance(5)
        return world.clock()

    slow = replace(world.runtime, clock=slow_clock).client(WholeClient)
    world.double.faults.add(padded(900 * 1024))
    with pytest.raises(SendGridUnavailable) as raised:
        slow.delete_contacts([contact_id(1)])
    assert raised.value.maybe_received


@pytest.mark.parametrize(
    ("name", "status"), with_each(400, 406, 422, names=[name for name in OPERATIONS if name != "job"])
)
def test_a_4xx_is_a_refusal_in_sendgrids_words(world: World, api: Api, name: str, status: int) -> None:
    world.double.faults.add(
        Fault(status=status, body={"errors": [{"field": None, "message": "not like this"}]})
    )
    with pytest.raises(SendGridRefused) as raised:
        api.call(name)
    assert raised.value.status == status
    assert raised.value.message == f"SendGrid responded with HTTP {status}: not like this"


def test_a_414_is_a_refusal_though_it_is_html(api: Api) -> None:
    with pytest.raises(SendGridRefused) as raised:
        api.delete_contacts(300)
    assert (raised.value.status, raised.value.message) == (414, "SendGrid responded with HTTP 414")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        *(
            (said, r"^SendGrid responded with HTTP 400: \*\*\*$")
            for said in (EMAIL, EMAIL.upper(), f"<{EMAIL}>")
        ),
        (f"no such address: {EMAIL}", r"\*\*\*$"),
        ("this email cannot be removed", "this email cannot be removed$"),
    ],
)
def test_an_identifiers_value_is_not_repeated_and_its_type_is_no_secret(
    world: World, api: Api, said: str, message: str
) -> None:
    world.double.faults.add(Fault(status=400, body={"errors": [{"message": said}]}))
    with pytest.raises(SendGridRefused, match=message) as raised:
        api.call("delete_identifier")
    assert "jane" not in str(raised.value).lower()
