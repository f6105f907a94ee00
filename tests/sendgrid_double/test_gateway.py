import uuid

import pytest
import requests

from local.sendgrid_double import Fault, RateLimit, SendGridDouble
from tests.sendgrid_double.support import API_KEY, CONTACTS, ApiSession

COUNT = f"{CONTACTS}/count"


def delete_one(api: ApiSession) -> requests.Response:
    return api.delete(CONTACTS, params={"ids": str(uuid.uuid4())})


def test_everything_received_is_recorded_but_the_key(double: SendGridDouble, api: ApiSession) -> None:
    ids = [str(uuid.uuid4()), str(uuid.uuid4())]
    api.delete(CONTACTS, params={"ids": ",".join(ids)}, data="unasked")
    (received,) = double.requests
    assert (received.method, received.route, received.status) == ("DELETE", CONTACTS, 202)
    assert received.target == f"{CONTACTS}?ids={ids[0]}%2C{ids[1]}"
    assert (list(received.ids), received.target_length) == (ids, len(received.target))
    assert (received.body, received.received_at) == ("unasked", double.clock())
    assert "Authorization" not in received.headers
    assert API_KEY not in repr(received)


def test_the_route_is_the_documented_path(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = str(uuid.uuid4())
    api.get(f"{CONTACTS}/{contact_id}")
    api.delete(f"{CONTACTS}/{contact_id}/identifiers", json={})
    api.get(f"{CONTACTS}/imports/{contact_id}")
    api.get("/v3/nowhere")
    assert [received.route for received in double.requests] == [
        f"{CONTACTS}/{{contact_id}}",
        f"{CONTACTS}/{{contact_id}}/identifiers",
        f"{CONTACTS}/imports/{{job_id}}",
        "/v3/nowhere",
    ]


def test_over_long_target_gets_a_page_from_nginx(double: SendGridDouble, api: ApiSession) -> None:
    filler = "x" * (double.max_target_length - len(f"{COUNT}?a="))
    assert api.get(f"{COUNT}?a={filler}").status_code == 200
    response = api.get(f"{COUNT}?a={filler}x")
    assert (response.status_code, response.headers["Content-Type"]) == (414, "text/html")
    assert "414 Request-URI Too Large" in response.text
    double.too_long_status = 413
    assert api.get(f"{COUNT}?a={filler}x").status_code == 413


def test_fault_finds_its_text_in_target_and_body(double: SendGridDouble, api: ApiSession) -> None:
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    double.faults.add(Fault(containing=one, status=503, times=10))
    statuses = [
        api.delete(CONTACTS, params={"ids": f"{other},{one}"}).status_code,
        api.post(f"{CONTACTS}/batch", json={"ids": [one]}).status_code,
        api.get(f"{CONTACTS}/imports/{one}").status_code,
        api.delete(CONTACTS, params={"ids": other}).status_code,
    ]
    assert statuses == [503, 503, 503, 202]


def test_no_more_ids_fit_than_were_observed_to(double: SendGridDouble, api: ApiSession) -> None:
    ids = [str(uuid.uuid4()) for _ in range(221)]
    assert api.delete(f"{CONTACTS}?ids={','.join(ids[:220])}").status_code == 202
    assert api.delete(f"{CONTACTS}?ids={','.join(ids)}").status_code == 414


def test_beyond_the_rate_limit_is_a_429_until_the_reset(double: SendGridDouble, api: ApiSession) -> None:
    double.rate_limiter.configure(RateLimit(limit=1, window_seconds=60, reset="seconds"))
    assert delete_one(api).headers["X-RateLimit-Remaining"] == "0"
    response = delete_one(api)
    assert response.status_code == 429
    assert response.json() == {"errors": [{"field": None, "message": "too many requests"}]}
    assert response.headers["X-RateLimit-Reset"] == "60"
    assert len(double.account.jobs()) == 1
    double.clock.advance(60)
    assert delete_one(api).status_code == 202


def test_every_response_of_the_api_has_the_rate_limit(double: SendGridDouble, api: ApiSession) -> None:
    double.rate_limiter.configure(RateLimit(limit=10, window_seconds=60))
    responses = [api.get(COUNT), api.get(COUNT, headers={"Authorization": None}), api.delete(CONTACTS)]
    assert [response.status_code for response in responses] == [200, 401, 400]
    assert all("X-RateLimit-Remaining" in response.headers for response in responses)


def test_latency_is_added_to_every_answer(double: SendGridDouble, api: ApiSession, naps: list[float]) -> None:
    api.get(COUNT)
    double.latency_seconds = 0.25
    api.get(COUNT)
    api.get("/v3/nowhere")
    assert naps == [0.25, 0.25]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 422, 429, 451, 500, 599])
def test_an_error_of_the_api_is_json(double: SendGridDouble, api: ApiSession, status: int) -> None:
    double.faults.add(Fault(status=status))
    response = delete_one(api)
    assert (response.status_code, "message" in response.json()["errors"][0]) == (status, True)
    assert double.account.jobs() == []


@pytest.mark.parametrize("status", [413, 414, 502, 503, 504])
def test_an_error_of_nginx_is_a_page(double: SendGridDouble, api: ApiSession, status: int) -> None:
    double.faults.add(Fault(status=status))
    response = delete_one(api)
    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html")
    assert f"<h1>{status} " in response.text
    assert double.account.jobs() == []


@pytest.mark.parametrize(("takes_effect", "jobs"), [(False, 0), (True, 1)])
def test_connection_is_dropped_before_or_after_the_work(
    double: SendGridDouble, api: ApiSession, takes_effect: bool, jobs: int
) -> None:
    double.faults.add(Fault(drop=True, takes_effect=takes_effect))
    with pytest.raises(requests.ConnectionError):
        delete_one(api)
    assert (len(double.account.jobs()), double.requests[0].status) == (jobs, None)
    assert delete_one(api).status_code == 202


def test_a_truncated_answer_is_no_answer(double: SendGridDouble, api: ApiSession) -> None:
    double.faults.add(Fault(truncate=True))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        delete_one(api)
    assert len(double.account.jobs()) == 1
    assert delete_one(api).status_code == 202


@pytest.mark.parametrize("body", ["", "<html>", {}, {"job_id": {}}, ["job_id"], {"job_id": None}])
def test_202_may_lack_a_usable_job_id(double: SendGridDouble, api: ApiSession, body: object) -> None:
    double.faults.add(Fault(status=202, body=body, takes_effect=True))
    response = delete_one(api)
    assert response.status_code == 202
    assert response.text == body if isinstance(body, str) else response.json() == body
    assert len(double.account.jobs()) == 1


@pytest.mark.parametrize(
    ("status", "name", "value"),
    [(302, "Location", "http://elsewhere.example.com/"), (None, "x-ratelimit-remaining", "many")],
)
def test_fault_sets_headers_of_its_own_or_of_the_true_response(
    double: SendGridDouble, api: ApiSession, status: int | None, name: str, value: str
) -> None:
    double.rate_limiter.configure(RateLimit(limit=10, window_seconds=60))
    double.faults.add(Fault(status=status, headers={name: value}))
    response = delete_one(api)
    assert (response.status_code, response.headers[name]) == (status or 202, value)


def test_delayed_response_is_for_work_already_done(double: SendGridDouble, api: ApiSession) -> None:
    jobs_when_waiting: list[int] = []
    double.sleep = lambda _: jobs_when_waiting.append(len(double.account.jobs()))
    double.faults.add(Fault(delay_seconds=5))
    assert delete_one(api).status_code == 202
    assert jobs_when_waiting == [1]


def test_a_call_over_the_rate_limit_uses_no_fault_up(double: SendGridDouble, api: ApiSession) -> None:
    double.rate_limiter.configure(RateLimit(limit=1, window_seconds=60))
    delete_one(api)
    double.faults.add(Fault(status=500))
    assert delete_one(api).status_code == 429
    assert double.faults.pending() == [Fault(status=500)]
