import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contact_deletion.errors import NotAccepted, SendGridRefused, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.sendgrid import exports, responses
from contact_deletion.sendgrid.exports import Export
from contact_deletion.sendgrid.jobs import PENDING, Job
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
    return responses.failure(status, body, personal_values)


@pytest.mark.parametrize("job", [JOB, "a", "A-z_9", "x" * 128])
def test_the_job_of_a_202_is_its_job_id(job: str) -> None:
    assert responses.job_id(json.dumps({"job_id": job, "more": 1}).encode()) == job


UNUSABLE_IDS: list[object] = [
    *(None, {}, {"id": JOB}, [JOB], 7, True, "", " ", "a b", "../count", "a\n", "é", "x" * 129),
]
# Bodies without information.
NOT_OBJECTS = [None, b"", b"null", b"[]", b"{}", b'"completed"', HTML, b'{"status": "compl', b"[" * 100_000]


@pytest.mark.parametrize(
    "body",
    [
        *NOT_OBJECTS,
        b"\xff\xfe\x00",
        *(json.dumps({"job_id": wrong}).encode() for wrong in UNUSABLE_IDS),
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_202_without_a_usable_job_id_is_no_success(body: bytes | None) -> None:
    with pytest.raises(SendGridUnavailable, match="no usable job_id") as raised:
        responses.job_id(body)
    assert raised.value.maybe_received


@given(bodies)
def test_any_body_is_a_json_object_or_none(body: bytes | None) -> None:
    assert isinstance(responses.json_object(body), dict)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, SendGridUnavailable) for status in (301, 302, 304, 408, 425)),
        *((status, SendGridUnavailable) for status in (500, 502, 503, 504, 520, 522, 524, 529)),
        *((status, SendGridUnauthorized) for status in (401, 403)),
        *((status, SendGridRefused) for status in (413, 414, 451)),
    ],
)
@pytest.mark.parametrize("body", [None, HTML, errors_body("something")], ids=["broken off", "HTML", "JSON"])
def test_each_status_has_its_error(status: int, kind: type[NotAccepted], body: bytes | None) -> None:
    error = failure(status, body)
    assert type(error) is kind
    assert f"HTTP {status}" in error.message
    if isinstance(error, SendGridUnavailable):
        assert error.maybe_received
    if isinstance(error, SendGridUnauthorized):
        assert error.retry_after >= 600
    if isinstance(error, SendGridRefused):
        assert error.status == status


ABOUT_THE_REQUEST = [400, 402, 404, 405, 406, 409, 410, 422]


# Bodies of the edge or of another gateway, empty, or cut off.
NOT_SENDGRIDS = [
    *(None, b"", HTML, b"Not Acceptable", b"{}", b"[]", b'{"message": "Not Found"}', b'{"errors": []}'),
    *(b'{"errors": "x"}', errors_body("something")[:-1]),
]


@pytest.mark.parametrize("status", ABOUT_THE_REQUEST)
@pytest.mark.parametrize(
    "body", [errors_body("something"), b'{"errors": {"message": "something"}}'], ids=["a list", "an object"]
)
def test_4xx_with_sendgrids_own_error_is_a_refusal(status: int, body: bytes) -> None:
    refused = failure(status, body)
    assert isinstance(refused, SendGridRefused)
    assert refused.status == status


@pytest.mark.parametrize("status", ABOUT_THE_REQUEST)
@pytest.mark.parametrize("body", NOT_SENDGRIDS, ids=repr)
def test_4xx_without_sendgrids_own_error_says_nothing_of_the_request(status: int, body: bytes | None) -> None:
    unavailable = failure(status, body)
    assert isinstance(unavailable, SendGridUnavailable)
    assert unavailable.maybe_received
    assert f"HTTP {status}" in unavailable.message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 429, 451, 499])
def test_a_4xx_in_sendgrids_words_is_a_refusal(status: int) -> None:
    assert responses.is_refusal(status, {}, errors_body("something"))


@pytest.mark.parametrize("status", [200, 302, 399, 408, 425, 500, 503, 529])
def test_no_other_status_is_a_refusal(status: int) -> None:
    assert not responses.is_refusal(status, {"X-RateLimit-Reset": "5"}, errors_body("something"))


@pytest.mark.parametrize("body", NOT_SENDGRIDS, ids=repr)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 429])
def test_a_4xx_in_other_words_is_no_refusal(status: int, body: bytes | None) -> None:
    assert not responses.is_refusal(status, {"Server": "edge"}, body)


@pytest.mark.parametrize("name", ["X-RateLimit-Reset", "X-Envoy-Ratelimited"])
def test_a_429_of_the_rate_limiter_is_a_refusal_without_words(name: str) -> None:
    assert responses.is_refusal(429, {name: "1"}, b"")
    assert not responses.is_refusal(403, {name: "1"}, b"")


REGIONAL_MESSAGES = [
    "User is not authorized to send mail based on their regional attribute.",
    "unavailable in this region",
    "Unavailable due to data residency restrictions",
    "an EU key on the global host",
]


@pytest.mark.parametrize("status", [401, 403, 451])
@pytest.mark.parametrize("message", REGIONAL_MESSAGES)
def test_key_of_another_region_is_no_outage(status: int, message: str) -> None:
    refused = failure(status, errors_body(message))
    assert isinstance(refused, SendGridRefused)
    assert refused.status == status
    assert refused.message.startswith(f"SendGrid responded with HTTP {status}: {message}"[:120])
    assert "SENDGRID_BASE_URL" in refused.message


def test_region_in_any_of_the_errors_counts() -> None:
    assert isinstance(failure(403, errors_body("access forbidden", "wrong region")), SendGridRefused)


@pytest.mark.parametrize(
    "body",
    [
        *map(errors_body, ("access forbidden", "the queue is neutral", None)),
        b"<html>not available in your region</html>",
    ],
)
def test_403_that_says_nothing_of_a_region_is_retried(body: bytes) -> None:
    """A page of the edge that speaks of regions is about addresses, not keys."""
    assert isinstance(failure(403, body), SendGridUnauthorized)


def test_451_is_about_the_region_whatever_it_says() -> None:
    assert "SENDGRID_BASE_URL" in failure(451, HTML).message


def test_what_sendgrid_says_is_in_the_message() -> None:
    message = failure(400, errors_body("invalid contact id", "second")).message
    assert message == "SendGrid responded with HTTP 400: invalid contact id"


@pytest.mark.parametrize(
    "body",
    [
        *(HTML, b"", b"null", b'{"errors": null}', b'{"errors": []}', b'{"errors": {"message": "one"}}'),
        *(b'{"errors": ["text"]}', b'{"errors": [[{"message": "x"}]]}', b'{"errors":' * 100_000),
        *map(errors_body, (None, {"message": "x"}, "")),
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_body_that_is_not_as_documented_adds_nothing(body: bytes) -> None:
    assert failure(400, body).message == "SendGrid responded with HTTP 400"


@pytest.mark.parametrize("status", [400, 401, 500])
def test_what_sendgrid_says_is_redacted(status: int) -> None:
    body = errors_body("jane@example.com of Acme is unknown, call 5550100")
    message = failure(status, body).message
    assert message == f"SendGrid responded with HTTP {status}: *** of Acme is unknown, call ***"


def test_the_requests_own_values_are_not_repeated() -> None:
    assert (
        failure(400, errors_body("no ACME here"), "acme").message == "SendGrid responded with HTTP 400: ***"
    )


@given(st.integers(300, 599), bodies, st.lists(st.text(min_size=1), max_size=2))
@example(400, errors_body("\ud800"), [])
def test_any_answer_is_an_error_that_can_be_passed_on(
    status: int, body: bytes | None, values: list[str]
) -> None:
    error = failure(status, body, *values)
    assert len(error.message) < 300
    error.message.encode()


# ---------------------------------------------------------------------------------------------- jobs


def body(answer: object) -> bytes:
    return json.dumps(answer).encode()


def test_a_job_has_its_counts_and_the_link_to_its_errors() -> None:
    url = "https://errors.example.com/file?signature=1"
    results = {"requested_count": 5, "deleted_count": 3, "errored_count": 2, "errors_url": url}
    reported = {"id": "whatever it calls itself", "status": "errored", "job_type": "delete_contacts"}
    assert responses.job(JOB, body(reported | {"results": results})) == Job(JOB, "errored", 5, 3, 2, url)


@pytest.mark.parametrize(
    "reported",
    [
        {},
        *({"results": None}, {"results": []}, {"results": {}}),
        {"results": {"requested_count": None, "deleted_count": "three"}},
        {"results": {"requested_count": -1, "errored_count": True, "errors_url": 7}},
        {"job_type": {"unknown": True}, "results": {"unmodified_count": 1}},
    ],
    ids=str,
)
def test_what_a_job_does_not_tell_is_none(reported: dict[str, Any]) -> None:
    assert responses.job(JOB, body(reported | {"status": "completed"})) == Job(JOB, "completed")


@pytest.mark.parametrize(
    ("reported", "status"),
    [
        *((word, "completed") for word in ("completed", "Completed", " completed\n")),
        *(("ERRORED", "errored"), ("Failure", "failure")),
        *(("In Progress", "in_progress"), ("in_progress", "in_progress"), ("in  progress", "in__progress")),
        ("completed-with-errors", "completed_with_errors"),
        *((word, PENDING) for word in ("", None, 7, {"status": "completed"}, "x" * 33)),
        *((words, PENDING) for words in ("completed for jane@example.com", "the contacts of jane of acme")),
    ],
    ids=repr,
)
def test_status_is_word_in_lower_case_and_anything_else_leaves_matter_open(
    reported: object, status: str
) -> None:
    assert responses.job(JOB, body({"status": reported})).status == status


COUNTS = [
    *((spelled, 1000) for spelled in (1000, 1000.0, "1000", " 1000 ", "1,000")),
    *((0, 0), ("12,345,678", 12345678), (2**53 - 1, 2**53 - 1)),
    *((too_large, None) for too_large in (2**53, float(2**53), str(2**53), float("inf"), "9" * 4_301)),
    *((number, None) for number in (1.5, -1, -1.0, True, float("nan"))),
    *((text, None) for text in ("", "-1", "1.5", "1.000", "1,00", "1000,000", "1_000", "0x10", "\u0661")),
    *((other, None) for other in ([1], {"count": 1}, None)),
]


@pytest.mark.parametrize(("sent", "count"), COUNTS, ids=lambda value: repr(value)[:20])
def test_count_is_a_whole_number_however_it_is_spelled(sent: object, count: int | None) -> None:
    found = responses.job(
        JOB, body({"status": "completed", "results": {"deleted_count": sent}})
    ).deleted_count
    assert found == count
    assert type(found) is type(count)


@pytest.mark.parametrize(
    ("reported", "finished_at"),
    [
        ("2026-11-21T12:00:05Z", 1_795_262_405.0),
        *((other, None) for other in ("2026-11-21T12:00:05", "soon", 7, None)),
    ],
    ids=repr,
)
def test_the_end_of_a_job_is_a_moment_or_unknown(reported: object, finished_at: float | None) -> None:
    assert responses.job(JOB, body({"status": "errored", "finished_at": reported})).finished_at == finished_at


def test_a_job_without_a_status_is_pending() -> None:
    assert responses.job(JOB, body({"results": {"deleted_count": 1}})) == Job(JOB, PENDING, deleted_count=1)


@pytest.mark.parametrize(
    "url",
    ["http://errors.example.com", "ftp://x", "", None, 7, "https://" + "x" * 4096],
    ids=lambda v: str(v)[:20],
)
def test_what_is_no_https_link_is_not_passed_on(url: object) -> None:
    assert responses.job(JOB, body({"status": "failed", "results": {"errors_url": url}})).errors_url is None


@pytest.mark.parametrize("answer", NOT_OBJECTS, ids=lambda v: repr(v)[:20])
def test_a_response_without_a_job_is_an_outage(answer: bytes | None) -> None:
    with pytest.raises(SendGridUnavailable, match="not a JSON object"):
        responses.job(JOB, answer)


job_texts = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["completed", "pending", "errored", "failed"]) | strategies.json_values,
        "results": st.dictionaries(
            st.sampled_from(["requested_count", "deleted_count", "errored_count", "errors_url"]),
            strategies.json_values,
        )
        | strategies.json_values,
        "job_type": strategies.json_values,
    },
)


@given(st.one_of(st.binary(), strategies.json_values.map(body), job_texts.map(body)))
def test_any_body_is_a_job_or_an_outage(answer: bytes) -> None:
    try:
        job = responses.job(JOB, answer)
    except SendGridUnavailable:
        return
    assert job.job_id == JOB
    assert job.status.islower()
    assert strategies.PLANTED not in job.status
    assert not (job.completed and job.failed)
    assert all(
        count is None or (type(count) is int and count >= 0)
        for count in (job.requested_count, job.deleted_count, job.errored_count)
    )


# ---------------------------------------------------------------------------------------------- contacts by their ids


def test_the_contacts_of_a_look_up_are_their_ids_in_lower_case() -> None:
    found = {"result": [{"id": "A", "email": "jane@example.com"}, {"id": "b"}]}
    assert responses.contact_ids(body(found)) == {"a", "b"}


@pytest.mark.parametrize(
    "answer",
    [
        *NOT_OBJECTS,
        *(body({"result": result}) for result in (None, {"a": {"id": "a"}}, ["a"])),
        body({"contacts": [{"id": "a"}]}),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_what_is_no_list_of_contacts_is_an_outage(answer: bytes | None) -> None:
    """And not the news that there is no contact."""
    with pytest.raises(SendGridUnavailable, match="no list of contacts"):
        responses.contact_ids(answer)


# ---------------------------------------------------------------------------------------------- exports


def test_the_export_of_a_202_is_its_id() -> None:
    assert exports.export_id(body({"id": JOB, "_metadata": {}})) == JOB


@pytest.mark.parametrize("answer", [*NOT_OBJECTS, *[body({"id": wrong}) for wrong in UNUSABLE_IDS]])
def test_a_202_without_a_usable_export_id_is_no_success(answer: bytes | None) -> None:
    with pytest.raises(SendGridUnavailable, match="no usable id"):
        exports.export_id(answer)


def test_an_export_has_its_links_their_expiry_and_its_count() -> None:
    links = ["https://files.example.com/1", "https://files.example.com/2"]
    reported = {"status": "ready", "urls": links, "expires_at": "2026-11-22T00:00:00Z", "contact_count": 7}
    expiry = datetime(2026, 11, 22, tzinfo=UTC)
    assert exports.export(body(reported)) == Export("ready", tuple(links), expiry, 7)


def test_an_expiry_keeps_its_offset() -> None:
    expires_at = exports.export(
        body({"status": "ready", "expires_at": "2026-11-22T00:00:00+02:00"})
    ).expires_at
    assert expires_at == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert expires_at.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    "reported",
    [
        {"status": "ready"},
        {"status": "ready", "urls": None, "expires_at": None, "contact_count": None, "message": None},
        {"status": "ready", "urls": "https://files.example.com/1", "expires_at": "tomorrow"},
        {"status": "ready", "expires_at": "2026-11-22T00:00:00", "contact_count": "seven", "message": 7},
    ],
    ids=str,
)
def test_what_an_export_does_not_tell_is_left_out(reported: dict[str, Any]) -> None:
    assert exports.export(body(reported)) == Export("ready")


@pytest.mark.parametrize("status", ["ready", "Ready", "completed", "done"])
def test_every_word_for_an_export_with_links_is_ready(status: str) -> None:
    assert exports.export(body({"status": status, "urls": ["https://files.example.com/1"]})).ready


def test_export_is_ready_without_links_only_by_the_documented_word() -> None:
    """It may have no contacts. Another word may come before the links do."""
    assert exports.export(body({"status": "ready", "urls": []})).ready
    assert not exports.export(body({"status": "completed", "urls": []})).ready


@pytest.mark.parametrize("status", ["failure", "failed", "Failed", "errored"])
def test_every_spelling_of_an_exports_failure_is_one(status: str) -> None:
    export = exports.export(body({"status": status, "message": "mail jane@example.com, call 5550100"}))
    assert (export.failed, export.ready) == (True, False)
    assert export.message == "mail *** call ***"


@pytest.mark.parametrize("answer", NOT_OBJECTS, ids=lambda v: repr(v)[:20])
def test_a_response_without_an_export_is_an_outage(answer: bytes | None) -> None:
    with pytest.raises(SendGridUnavailable, match="not a JSON object"):
        exports.export(answer)


export_fields = ("status", "urls", "expires_at", "contact_count", "message")
export_texts = st.fixed_dictionaries({}, optional=dict.fromkeys(export_fields, strategies.json_values)).map(
    body
)


@given(st.one_of(st.binary(), strategies.json_values.map(body), export_texts))
def test_any_body_is_an_export_or_an_outage(answer: bytes) -> None:
    try:
        export = exports.export(answer)
    except SendGridUnavailable:
        return
    assert strategies.PLANTED not in export.status + export.message
    assert export.expires_at is None or export.expires_at.tzinfo


def test_an_exports_links_are_never_shown() -> None:
    assert "signature" not in repr(Export("ready", ("https://files.example.com/1?signature=1",)))
