"""Whatever SendGrid answers, the outcome is one of the named ones, and goes nowhere else but to who asked."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import DeleteAllUnconfirmed, NotAccepted, Rejected, SendGridUnavailable
from local.sendgrid_double import Fault
from local.simulation.queue_functions import QUEUES
from tests.client.support import RawServer
from tests.hostile.functions import BY_IDENTIFIERS, Functions, places, with_value
from tests.hostile.responses import CALLS, Call
from tests.hostile.test_requests import check_targets
from tests.hostile.values import PLANTED, WRONG_TYPES, fuzz, texts
from tests.support.events import sqs_event
from tests.support.serving import serving
from tests.support.world import World

BODIES = {
    "HTML": "<html>planted7@value</html>",
    "10,000 brackets": "[" * 10_000,
    "10,000 objects": '{"job_id":' * 10_000,
    "900 brackets": "[" * 900 + "]" * 900,
    "brackets in every field": json.dumps(
        dict.fromkeys(("id", "job_id", "status", "urls"), WRONG_TYPES["nested lists"])
    ),
    "more than a megabyte": '{"job_id": "' + "x" * 1_100_000 + '"}',
    "100,000 lists": "[" + "[]," * 100_000 + "[]]",
    "NaN": '{"job_id": NaN, "contact_count": NaN, "id": NaN}',
    "an exponent without end": '{"contact_count": 1e999999999}',
    "a number of 5,000 digits": '{"contact_count": ' + "9" * 5_000 + "}",
    "a number of 4,300 digits": '{"contact_count": ' + "9" * 4_300 + "}",
    "fields twice": '{"job_id": "a", "job_id": {}, "id": "a", "id": []}',
    "a list": "[]",
    "null": "null",
    "a number": "7",
    "a text": '"planted7@value"',
    "two objects": '{"job_id": "a"}{"job_id": "b"}',
    "cut off": '{"job_id": "21be0c9d',
    "a NUL": "\0",
    "nothing": "",
    "an errors body": '{"errors": [{"message": "planted7@value"}]}',
}

HOSTILE_JOB_IDS: dict[str, Any] = WRONG_TYPES | {
    "an object": {"id": "21be0c9d-73ca-40a6-a903-13adea0eb0a8"},
    "a path": "../../contacts",
    "dots": "..",
    "a query": "x?delete_all_contacts=true",
    "a fragment": "x#y",
    "an encoded slash": "x%2Fy",
    "a line break": "x\r\nHost: other.example.com",
    "a line break at its end": "x\n",
    "a fullwidth digit": "\uff11",
    "a lone surrogate": "\ud800",
    "a URL": "https://other.example.com/x",
    "129 characters": "x" * 129,
}

each_call = pytest.mark.parametrize("call", CALLS, ids=str)


@pytest.fixture
def elsewhere() -> Iterator[RawServer]:
    with serving(RawServer()) as server:
        yield server


def outcome_of(functions: Functions, call: Call, *faults: Fault) -> Any:
    """What becomes of a request of the call's function that meets these faults, held to what holds of each."""
    world = functions.world
    functions.forget()
    for fault in faults:
        world.double.faults.add(fault)
    if call.route.endswith("/batch"):
        poll = Call("deletion_status", "GET", call.route.replace("batch", "imports/{job_id}"))
        world.double.faults.add(Fault(route=poll.route, status=200, body=poll.response(functions)))
    request = functions.request_of(call.function)
    if call.function in (*QUEUES, BY_IDENTIFIERS):
        del request["task_token"]
    outcome = functions.outcome(call.function, request)
    assert world.double.faults.pending() == []
    check(outcome, world)
    return outcome


def check(outcome: Any, world: World) -> None:
    assert isinstance(outcome, dict | NotAccepted)
    if isinstance(outcome, NotAccepted):
        assert PLANTED not in outcome.message
        assert len(outcome.message) < 500
        assert outcome.message.isascii()
    else:
        json.dumps(outcome, ensure_ascii=False, allow_nan=False).encode()  # as Lambda does it
    assert PLANTED not in world.log.getvalue()
    check_targets(world)


@each_call
def test_a_body_that_is_no_answer(functions: Functions, call: Call) -> None:
    """In place of a lookup it is an outage, not a reason to give a message up."""
    for body in BODIES.values():
        fault = Fault(method=call.method, route=call.route, status=call.status, body=body, takes_effect=True)
        outcome = outcome_of(functions, call, fault)
        assert isinstance(outcome, NotAccepted) or call.function in {"deletion_status", "export_status"}
        if call.method == "GET" and call.function != "export_copy":
            assert not isinstance(outcome, Rejected)


changes = st.sampled_from(CALLS).flatmap(
    lambda call: st.tuples(
        st.just(call),
        st.integers(0),
        texts | st.sampled_from(sorted(WRONG_TYPES)).map(lambda name: WRONG_TYPES[name]),
    )
)


@given(changes)
@fuzz(20)
def test_a_field_that_is_not_what_it_should_be(functions: Functions, change: tuple[Call, int, Any]) -> None:
    call, number, value = change
    response = call.response(functions)
    possible = list(places(response))
    body = with_value(response, possible[number % len(possible)], value)
    outcome_of(functions, call, fault_of(call, body))


def fault_of(call: Call, body: Any) -> Fault:
    """The double takes a text for a page."""
    text = json.dumps(body) if isinstance(body, str) or body is None else body
    return Fault(method=call.method, route=call.route, status=call.status, body=text)


@pytest.mark.parametrize("call", [call for call in CALLS if call.method == "DELETE"], ids=str)
def test_a_job_id_that_is_none(functions: Functions, call: Call) -> None:
    for job_id in HOSTILE_JOB_IDS.values():
        outcome = outcome_of(functions, call, fault_of(call, {"job_id": job_id}))
        assert isinstance(
            outcome, DeleteAllUnconfirmed if call.function == "delete_all" else SendGridUnavailable
        )


@pytest.mark.parametrize("call", [call for call in CALLS if call.method == "DELETE"], ids=str)
def test_a_message_whose_job_id_is_none_is_not_lost(functions: Functions, call: Call) -> None:
    """It comes back, or it is a dead letter; no job is tracked by an ID that SendGrid did not give."""
    world = functions.world
    for job_id in HOSTILE_JOB_IDS.values():
        world.double.faults.add(fault_of(call, {"job_id": job_id}))
        request = functions.request_of(call.function)
        response = functions.handle(call.function, sqs_event(request, queue=QUEUES[call.function]))
        letters = [letter["ErrorCode"] for letter in world.dead_letters()]
        came_back = len(response["batchItemFailures"])
        assert (came_back, letters) in [(1, []), (0, ["DeleteAllUnconfirmed"])]
    assert world.status_messages() == []
    check_targets(world)


@each_call
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    functions: Functions, elsewhere: RawServer, call: Call, status: int
) -> None:
    own_url = functions.world.runtime.settings.sendgrid_base_url
    for location in (
        f"{elsewhere.url}/v3/marketing/contacts",
        f"//127.0.0.1:{elsewhere.server_address[1]}/",
        f"{own_url}{call.route}",
        call.route,
        "?delete_all_contacts=true",
    ):
        headers = {"Location": location, "Refresh": f"0; url={elsewhere.url}", "Link": f"<{elsewhere.url}>"}
        fault = Fault(method=call.method, route=call.route, status=status, headers=headers)
        outcome = outcome_of(functions, call, fault)
        assert isinstance(outcome, SendGridUnavailable | DeleteAllUnconfirmed)
        received = [(request.method, request.route) for request in functions.world.double.requests]
        assert received.count((call.method, call.route)) == 1
    assert elsewhere.heard == []


def test_the_file_of_a_jobs_errors_is_not_fetched(functions: Functions, elsewhere: RawServer) -> None:
    call = next(call for call in CALLS if call.route.endswith("/imports/{job_id}"))
    own = functions.world.runtime.settings.sendgrid_base_url
    secure = elsewhere.url.replace("http", "https")
    with_key = f"https://user:key@{secure[8:]}"
    for url in (elsewhere.url, secure, with_key, own, "file:///etc/passwd", "https://\ud800", ""):
        response = call.response(functions)
        response["results"]["errors_url"] = url
        reported = outcome_of(functions, call, fault_of(call, response))
        usable = url.startswith("https://") and url.isascii()
        assert [job.get("errors_url") for job in reported["jobs"]] == [url if usable else None]
        assert not url or url not in functions.world.log.getvalue()
    assert elsewhere.heard == []


def test_counts_too_long_to_be_added_are_none(functions: Functions) -> None:
    """Of two jobs, neither count is too long for JSON, and their sum is."""
    call = next(call for call in CALLS if call.route.endswith("/imports/{job_id}"))
    body = with_value(call.response(functions), ("results", "requested_count"), 10**4300 - 1)
    functions.world.double.faults.add(Fault(route=call.route, status=200, body=body, times=2))
    request = functions.request_of("deletion_status") | {"job_ids": ["one", "other"]}
    response = functions.handle("deletion_status", sqs_event(request, queue=QUEUES["deletion_status"]))
    assert response == {"batchItemFailures": []}
    assert [event["counts"]["requested"] for event in functions.world.outcome_events()] == [None, None]
