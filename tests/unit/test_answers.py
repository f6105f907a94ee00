import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contact_deletion.errors import NotAccepted, SendGridRefused, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.sendgrid import answers
from tests.unit import strategies

JOB = "21be0c9d-73ca-40a6-a903-13adea0eb0a8"
HTML = b"<html><head><title>502 Bad Gateway</title></head><body>jane@example.com</body></html>"

bodies = st.one_of(
    st.none(),
    st.binary(),
    strategies.json_values.map(lambda value: json.dumps(value).encode()),
    strategies.json_values.map(lambda value: json.dumps({"errors": value}).encode()),
    strategies.json_values.map(lambda value: json.dumps({"errors": [{"message": value}]}).encode()),
    strategies.any_text.map(lambda text: json.dumps({"errors": [{"message": text}]}).encode()),
)


def errors_body(*messages: object) -> bytes:
    return json.dumps({"errors": [{"field": None, "message": message} for message in messages]}).encode()


def failure(status: int, body: bytes | None = None, *personal_values: str) -> NotAccepted:
    return answers.failure(status, body, personal_values)


@pytest.mark.parametrize("job", [JOB, "a", "A-z_9", "x" * 128])
def test_the_job_of_a_202_is_its_job_id(job: str) -> None:
    assert answers.job_id(json.dumps({"job_id": job, "more": 1}).encode()) == job


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="broken off"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no job_id"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"job"', id="a text"),
        pytest.param(b"null", id="null"),
        pytest.param(HTML, id="HTML"),
        pytest.param(b'{"job_id": "21be0c9d', id="cut off"),
        pytest.param(b"\xff\xfe\x00", id="not text"),
        pytest.param(b"[" * 100_000, id="nested beyond the stack"),
        *[
            pytest.param(json.dumps({"job_id": job}).encode(), id=f"job_id {job!r:.20}")
            for job in (
                None,
                {},
                {"id": JOB},
                [JOB],
                7,
                True,
                "",
                " ",
                "a b",
                "../count",
                "a\n",
                "é",
                "x" * 129,
            )
        ],
    ],
)
def test_a_202_without_a_usable_job_id_is_no_success(body: bytes | None) -> None:
    with pytest.raises(SendGridUnavailable, match="no usable job_id") as raised:
        answers.job_id(body)
    assert raised.value.maybe_received


@given(bodies)
def test_any_body_is_a_json_object_or_none(body: bytes | None) -> None:
    assert isinstance(answers.json_object(body), dict)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, SendGridUnavailable),
        (302, SendGridUnavailable),
        (304, SendGridUnavailable),
        (400, SendGridRefused),
        (401, SendGridUnauthorized),
        (402, SendGridRefused),
        (403, SendGridUnauthorized),
        (404, SendGridRefused),
        (405, SendGridRefused),
        (406, SendGridRefused),
        (408, SendGridUnavailable),
        (413, SendGridRefused),
        (414, SendGridRefused),
        (425, SendGridUnavailable),
        (451, SendGridRefused),
        (500, SendGridUnavailable),
        (502, SendGridUnavailable),
        (503, SendGridUnavailable),
        (504, SendGridUnavailable),
        (520, SendGridUnavailable),
    ],
)
@pytest.mark.parametrize("body", [None, HTML, errors_body("something")], ids=["broken off", "HTML", "JSON"])
def test_each_status_has_its_error(status: int, kind: type[NotAccepted], body: bytes | None) -> None:
    error = failure(status, body)
    assert type(error) is kind
    assert f"HTTP {status}" in error.message


@pytest.mark.parametrize("status", [400, 404, 413, 414])
def test_a_refusal_knows_its_status(status: int) -> None:
    refused = failure(status)
    assert isinstance(refused, SendGridRefused)
    assert refused.status == status


@pytest.mark.parametrize("status", [401, 403])
def test_what_a_person_must_mend_is_retried_slowly(status: int) -> None:
    unauthorized = failure(status)
    assert isinstance(unauthorized, SendGridUnauthorized)
    assert unauthorized.retry_after >= 600


@pytest.mark.parametrize(
    ("status", "maybe"), [(500, False), (503, False), (408, False), (502, True), (504, True)]
)
def test_only_a_gateway_may_have_passed_a_failed_call_on(status: int, maybe: bool) -> None:
    unavailable = failure(status)
    assert isinstance(unavailable, SendGridUnavailable)
    assert unavailable.maybe_received is maybe


def test_what_sendgrid_says_is_in_the_message() -> None:
    message = failure(400, errors_body("invalid contact id", "second")).message
    assert message == "SendGrid answered HTTP 400: invalid contact id"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(HTML, id="HTML"),
        pytest.param(b"", id="empty"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"errors": null}', id="null errors"),
        pytest.param(b'{"errors": []}', id="no errors"),
        pytest.param(b'{"errors": {"message": "one"}}', id="errors as an object"),
        pytest.param(b'{"errors": ["text"]}', id="errors as texts"),
        pytest.param(b'{"errors": [[{"message": "x"}]]}', id="nested lists"),
        pytest.param(errors_body(None), id="null message"),
        pytest.param(errors_body({"message": "x"}), id="object message"),
        pytest.param(errors_body(""), id="empty message"),
        pytest.param(b'{"errors":' * 100_000, id="nested beyond the stack"),
    ],
)
def test_a_body_that_is_not_as_documented_adds_nothing(body: bytes) -> None:
    assert failure(400, body).message == "SendGrid answered HTTP 400"


@pytest.mark.parametrize("status", [400, 401, 500])
def test_what_sendgrid_says_is_redacted(status: int) -> None:
    body = errors_body("jane@example.com of Acme is unknown, call 5550100")
    message = failure(status, body).message
    assert message == f"SendGrid answered HTTP {status}: *** of Acme is unknown, call ***"


def test_the_requests_own_values_are_not_repeated() -> None:
    assert failure(400, errors_body("no ACME here"), "acme").message == "SendGrid answered HTTP 400: ***"


@given(st.integers(300, 599), bodies, st.lists(st.text(min_size=1), max_size=2))
@example(400, errors_body("\ud800"), [])
def test_any_answer_is_an_error_that_can_be_passed_on(
    status: int, body: bytes | None, values: list[str]
) -> None:
    error = failure(status, body, *values)
    assert len(error.message) < 300
    error.message.encode()
