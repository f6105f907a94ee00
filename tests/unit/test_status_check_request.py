"""What holds for requests to follow jobs, whatever a producer or a workflow sends."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests.identifiers import IdentifierType
from contact_deletion.requests.resolution import IdentifierCounts
from contact_deletion.requests.status_check import StatusCheck, TrackedIdentifier, TrackedRequest, parse
from contact_deletion.requests.validation import MAX_JOB_IDS, envelope
from tests.support.events import contact_id
from tests.unit import strategies

JOB = "21be0c9d-73ca-40a6-a903-13adea0eb0a8"
IDENTIFIERS = {
    "found": 3,
    "not_found": 2,
    "alternate_email_matches": 1,
    "invalid": 2,
    "invalid_positions": [0, 7],
}
IDENTIFIER = {"contact_id": contact_id(1), "identifier_type": "EMAIL"}

moments = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
followed = strategies.requests_with(
    {
        "operation": st.sampled_from(["bulk_delete", "delete_all", "remove_identifier"]),
        "message_id": strategies.uuid_texts,
        "contact_count": st.integers(),
        "contact_ids": st.lists(strategies.mostly(strategies.contact_ids), max_size=3),
        "identifiers": st.just(IDENTIFIERS),
    }
)
status_checks = strategies.requests_with(
    {
        "job_ids": st.lists(strategies.mostly(strategies.uuid_texts), max_size=3),
        "requests": st.lists(followed, max_size=3),
        "accepted_at": moments,
    }
)


def parsed(payload: Any) -> StatusCheck | InvalidRequest:
    try:
        return parse(payload)
    except InvalidRequest as invalid:
        return invalid


@given(status_checks)
def test_any_json_is_a_follow_up_or_an_invalid_request_whose_message_holds_no_value(payload: Any) -> None:
    status_check = parsed(payload)
    if isinstance(status_check, InvalidRequest):
        assert status_check.message.isascii()
        assert strategies.PLANTED not in status_check.message
    else:
        assert status_check.job_ids == tuple(dict.fromkeys(payload["job_ids"]))
        assert len(status_check.requests) == max(1, len(payload.get("requests", [])))


def test_without_requests_the_follow_up_itself_is_what_is_followed() -> None:
    assert parse({"job_ids": [JOB]}) == StatusCheck((JOB,), (TrackedRequest(),))
    status_check = parse({"job_ids": [JOB], "request_id": "run-1", "task_token": "token", "requests": []})
    assert status_check.requests == (TrackedRequest(request_id="run-1", task_token="token"),)


MOMENTS = (None, 1_795_291_200, "yesterday", "2026-11-21T12:00:00", "", ["2026"])
NO_JOB_IDS: list[object] = [None, 7, "", "../count", "a b", "a\n", "é", "x" * 129, {}]
NO_LISTS: list[object] = [None, {}, "all", 3]
NO_JOBS: list[object] = [None, [], {}, "job", [JOB] * (MAX_JOB_IDS + 1)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        *(({"job_ids": jobs}, r"job_ids must be a list of 1 to 1000 job ids$") for jobs in NO_JOBS),
        *(
            ({"job_ids": [JOB, job]}, r"job_ids\[1\] must be 1 to 128 of A-Z a-z 0-9 _ -$")
            for job in NO_JOB_IDS
        ),
        *(({"accepted_at": moment}, "accepted_at must be an ISO 8601") for moment in MOMENTS),
        *(({"requests": requests}, "requests must be a list$") for requests in NO_LISTS),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_wrong_with_a_follow_up_is_said_of_its_field(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{message}"):
        parse({"job_ids": [JOB]} | wrong)


def test_everything_about_a_request_is_kept() -> None:
    given_request = {
        "operation": "bulk_delete",
        "request_id": "purge",
        "message_id": "b5cbf4e4-9a51-4bb0-a1ba-0a4ed5dbd2cb",
        "contact_count": 2,
        "contact_ids": [contact_id(1), contact_id(2).upper()],
        "identifier": {"contact_id": contact_id(3).upper(), "identifier_type": "EMAIL"},
        "identifiers": IDENTIFIERS,
        "task_token": "AAAA/+=",
    }

    status_check = parse(
        {
            "job_ids": [JOB, "b", JOB],
            "accepted_at": "2026-11-21T12:00:00.5+00:00",
            "requests": [given_request],
        }
    )

    assert status_check.job_ids == (JOB, "b")
    assert status_check.accepted_at == datetime(2026, 11, 21, 12, 0, 0, 500_000, UTC).timestamp()
    (request,) = status_check.requests
    assert vars(request) == given_request | {
        "contact_ids": (contact_id(1), contact_id(2)),
        "identifier": TrackedIdentifier(contact_id(3), IdentifierType.EMAIL),
        "identifiers": IdentifierCounts(3, 2, 1, 2, (0, 7)),
        "error": None,
    }


def test_a_task_token_is_never_shown() -> None:
    status_check = parse({"job_ids": [JOB], "task_token": "T0KEN", "requests": [{"task_token": "T0KEN"}]})
    assert "T0KEN" not in repr(status_check)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "the request must be a JSON object"),
        ({"surprise": 1}, "unknown field: surprise"),
        ({"operation": "Bulk Delete"}, "operation must match"),
        ({"operation": 3}, "operation must match"),
        ({"message_id": "a b"}, "message_id must match"),
        ({"contact_count": -1}, "contact_count must be a whole number"),
        ({"contact_count": True}, "contact_count must be a whole number"),
        ({"contact_count": 1.0}, "contact_count must be a whole number"),
        ({"contact_ids": None}, "contact_ids must be a list of at most 10000 contact ids"),
        ({"contact_ids": [contact_id(1)] * 10_001}, "contact_ids must be a list of at most 10000"),
        ({"contact_ids": ["someone@example.com"]}, r"contact_ids\[0\] must be a contact id in UUID form"),
        ({"identifier": None}, "identifier: the request must be a JSON object"),
        ({"identifier": {"contact_id": contact_id(1)}}, "identifier: missing field: identifier_type"),
        ({"identifier": IDENTIFIER | {"contact_id": "x"}}, "identifier: contact_id must be a contact id"),
        (
            {"identifier": IDENTIFIER | {"identifier_type": "email"}},
            "identifier: identifier_type must be one",
        ),
        ({"identifiers": {"found": 1}}, "identifiers: missing field: not_found"),
        ({"identifiers": IDENTIFIERS | {"found": "1"}}, "identifiers: found must be a whole number"),
        (
            {"identifiers": IDENTIFIERS | {"invalid_positions": [0] * 101}},
            "identifiers: invalid_positions must be a list of at most 100 positions",
        ),
        (
            {"identifiers": IDENTIFIERS | {"invalid_positions": "ada"}},
            "identifiers: invalid_positions must be a list of at most 100 positions",
        ),
        (
            {"identifiers": IDENTIFIERS | {"invalid_positions": ["ada"]}},
            "identifiers: invalid_positions must be a whole number",
        ),
        ({"request_id": "a b"}, "request_id must be 1 to 128"),
        ({"task_token": ""}, "task_token must be a Step Functions task token"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_with_a_request_is_said_with_its_place(wrong: object, message: str) -> None:
    with pytest.raises(InvalidRequest, match=rf"^requests\[1\]: {message}"):
        parse({"job_ids": [JOB], "requests": [{}, wrong]})


def test_a_hundred_positions_may_be_named() -> None:
    positions = list(range(100))
    identifiers = IDENTIFIERS | {"invalid_positions": positions}
    (request,) = parse({"job_ids": [JOB], "requests": [{"identifiers": identifiers}]}).requests
    assert request.identifiers is not None
    assert list(request.identifiers.invalid_positions) == positions


@given(strategies.json_values | st.just(InvalidRequest("the message body is not JSON")))
def test_anything_has_an_envelope(payload: object) -> None:
    request_id, task_token = envelope(payload)
    assert request_id is None or (isinstance(payload, dict) and payload["request_id"] == request_id)
    assert task_token is None or (isinstance(payload, dict) and payload["task_token"] == task_token)


@pytest.mark.parametrize(
    ("payload", "reported"),
    [
        ({"request_id": "run-1", "task_token": "token", "contact_ids": 3}, ("run-1", "token")),
        ({"request_id": "a b", "task_token": "token"}, (None, "token")),
        ({"request_id": "run-1", "task_token": "a b"}, ("run-1", None)),
        ({"request_id": 1, "task_token": None}, (None, None)),
        (["run-1", "token"], (None, None)),
    ],
    ids=lambda value: json.dumps(value),
)
def test_the_valid_envelope_of_an_invalid_request_is_reported(
    payload: object, reported: tuple[str | None, str | None]
) -> None:
    assert envelope(payload) == reported


CAUGHT = {
    "Error": "SendGridRefused",
    "Cause": json.dumps({"errorMessage": json.dumps({"job_ids": ["b", JOB]})}),
}


def test_the_jobs_that_an_error_names_are_followed_too() -> None:
    request = {"contact_ids": [contact_id(1)], "error": CAUGHT}

    assert parse({"job_ids": [JOB], "requests": [request]}).job_ids == (JOB, "b")
    assert parse({"job_ids": [], "requests": [request]}).job_ids == ("b", JOB)
    assert parse({"job_ids": [JOB], "requests": [{"error": None}]}).requests == (TrackedRequest(),)


def test_without_jobs_there_is_an_error() -> None:
    with pytest.raises(InvalidRequest, match=r"^job_ids must be a list of 1 to 1000 job ids$"):
        parse({"job_ids": [], "requests": [{"error": None}]})
    with pytest.raises(InvalidRequest, match=r"^job_ids must be a list of 0 to 1000 job ids$"):
        parse({"job_ids": [JOB] * (MAX_JOB_IDS + 1), "requests": [{"error": CAUGHT}]})


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("x", "requests[0]: error: the request must be a JSON object"),
        ({"Cause": "x"}, "requests[0]: error: missing field: Error"),
        ({"Error": 7}, "requests[0]: error: Error must match [!-~]{1,256}"),
        ({"Error": ""}, "requests[0]: error: Error must match [!-~]{1,256}"),
    ],
)
def test_an_error_is_what_a_catch_passes_on(error: object, message: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse({"job_ids": [JOB], "requests": [{"error": error}]})
    assert raised.value.message == message
