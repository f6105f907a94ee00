"""The SendGrid double answers as the contract says, whatever it is asked."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from local.sendgrid_double import ExportFlaw, Fault, RateLimit, SendGridDouble, serve
from local.sendgrid_double.api import api as sendgrid_api
from local.sendgrid_double.gateway import documented_path
from tests.contract import ContractViolation, check, check_response
from tests.contract.checker import CONTRACT
from tests.sendgrid_double.support import CONTACTS, NOW, ApiSession
from tests.support.clock import FakeClock

SOME_ID = "e7af8e1a-9589-49de-9d43-17287789f769"
SOME_LIST = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"
ANY_CONTACT = {
    "phone_number_id": "+15555550101",
    "first_name": "Ada",
    "alternate_emails": ["ada@example.com"],
    "custom_fields": {"w1": "tea"},
}
SOME_EMAIL = {"identifier_type": "EMAIL", "identifier_value": "a@example.com"}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture(params=["epoch", "seconds"])
def double(clock: FakeClock, request: pytest.FixtureRequest) -> SendGridDouble:
    rate_limit = RateLimit(limit=600, window_seconds=60, reset=request.param)
    double = SendGridDouble(clock=clock, job_delay=30, rate_limit=rate_limit)
    double.account.add_contact(
        contact_id=SOME_ID,
        email="a@example.com",
        phone_number_id="+15555550100",
        external_id="x-1",
        anonymous_id="anon-1",
    )
    return double


@pytest.fixture
def api(double: SendGridDouble) -> Iterator[ApiSession]:
    with serve(double) as base_url, ApiSession(base_url) as session:
        yield session


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("DELETE", f"?ids={SOME_ID}", None, 202),
        ("DELETE", f"?ids={SOME_ID}%2C{uuid.UUID(int=7)},{SOME_ID}", None, 202),
        ("DELETE", "?delete_all_contacts=true", None, 202),
        ("DELETE", f"/{SOME_ID}/identifiers", SOME_EMAIL, 202),
        ("DELETE", f"/{uuid.UUID(int=7)}/identifiers", SOME_EMAIL, 404),
        ("GET", f"/{SOME_ID}", None, 200),
        ("GET", f"/{uuid.UUID(int=7)}", None, 404),
        ("POST", "/batch", {"ids": [SOME_ID, str(uuid.UUID(int=7))]}, 200),
        ("GET", "/count", None, 200),
        ("GET", "/imports/unknown", None, 404),
        ("POST", "/exports", None, 202),
        ("POST", "/exports", {"file_type": "csv", "max_file_size": 100}, 202),
        ("GET", "/exports/unknown", None, 404),
        ("POST", "/exports", {"list_ids": [SOME_LIST]}, 202),
        ("GET", "/exports", None, 200),
        ("GET", "", None, 200),
        ("PUT", "", {"list_ids": [SOME_LIST], "contacts": [{"email": "a@example.com"}]}, 202),
        ("PUT", "", {"contacts": [ANY_CONTACT]}, 202),
        ("POST", "/search/emails", {"emails": ["A@example.com", "b@example.com", ""]}, 200),
        ("POST", "/search/emails", {"emails": ["b@example.com"]}, 404),
        ("POST", "/search/identifiers/email", {"identifiers": ["A@example.com", "b@example.com"]}, 200),
        ("POST", "/search/identifiers/phone_number_id", {"identifiers": ["+15555550100"]}, 200),
        ("POST", "/search/identifiers/external_id", {"identifiers": ["x-1"]}, 200),
        ("POST", "/search/identifiers/anonymous_id", {"identifiers": ["anon-2"]}, 404),
    ],
)
def test_a_proper_call_gets_a_proper_answer(
    api: ApiSession, method: str, path: str, body: Any, status: int
) -> None:
    response = api.request(method, CONTACTS + path, json=body)
    assert response.status_code == status
    check(response)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "", None),
        ("DELETE", "?ids=", None),
        ("DELETE", "?ids=1234", None),
        ("DELETE", f"?ids={SOME_ID}&delete_all_contacts=true", None),
        ("DELETE", f"/{SOME_ID}/identifiers", None),
        ("DELETE", f"/{SOME_ID}/identifiers", {"identifier_type": "email", "identifier_value": "a"}),
        ("POST", "/batch", {"ids": [SOME_ID] * 101}),
        ("POST", "/exports", []),
        ("POST", "/exports", {"file_type": "xml"}),
        ("PUT", "", None),
        ("PUT", "", {"contacts": []}),
        ("PUT", "", {"contacts": [{"first_name": "Ada"}]}),
        ("POST", "/search/emails", {"emails": ["a@example.com", "nonsense"]}),
        ("POST", "/search/identifiers/email", {"identifiers": ["nonsense"]}),
        ("POST", "/search/identifiers/email", {"identifiers": ["a@example.com"] * 101}),
    ],
)
def test_an_improper_call_gets_a_proper_refusal(api: ApiSession, method: str, path: str, body: Any) -> None:
    response = api.request(method, CONTACTS + path, json=body)
    assert response.status_code == 400
    check_response(response)


@pytest.mark.parametrize("headers", [{"Authorization": None}, {"Accept": "text/html"}])
def test_a_call_without_its_headers_gets_a_proper_refusal(api: ApiSession, headers: dict[str, Any]) -> None:
    response = api.get(f"{CONTACTS}/count", headers=headers)
    assert response.status_code in (401, 406)
    check_response(response)


@pytest.mark.parametrize("ending", [None, "completed", "errored", "failed"])
def test_a_job_is_told_properly_at_every_stage(
    double: SendGridDouble, api: ApiSession, clock: FakeClock, ending: Any
) -> None:
    double.settings.change(job_hidden_seconds=10, counts_early_seconds=10)
    if ending:
        double.account.force_next_jobs(ending)
    job_id = api.delete(CONTACTS, params={"ids": SOME_ID}).json()["job_id"]
    for status in (None, "pending", "pending", ending or "completed"):
        response = api.get(f"{CONTACTS}/imports/{job_id}")
        assert response.json().get("status") == status
        check(response)
        clock.advance(10)


@pytest.mark.parametrize(
    "flaw",
    [
        ExportFlaw(),
        ExportFlaw(status="failure"),
        ExportFlaw(status="pending"),
        ExportFlaw(missing=1),
        ExportFlaw(counted="nothing"),
    ],
)
def test_an_export_is_told_properly_at_every_stage(
    double: SendGridDouble, api: ApiSession, clock: FakeClock, flaw: ExportFlaw
) -> None:
    double.account.exports.spoil_next(flaw)
    export_id = api.post(f"{CONTACTS}/exports").json()["id"]
    for status in ("pending", flaw.status):
        response = api.get(f"{CONTACTS}/exports/{export_id}")
        assert response.json()["status"] == status
        check(response)
        clock.advance(30)


@pytest.mark.parametrize("ending", [None, "completed", "errored", "failed"])
def test_upsert_is_reported_properly_at_every_stage(
    double: SendGridDouble, api: ApiSession, clock: FakeClock, ending: Any
) -> None:
    double.settings.change(counts_early_seconds=10)
    if ending:
        double.account.force_next_jobs(ending)
    contacts = [ANY_CONTACT, {"external_id": "x-2"}, {"email": "b@example.com"}]
    job_id = api.put(CONTACTS, json={"list_ids": [SOME_LIST], "contacts": contacts}).json()["job_id"]
    for status in ("pending", "pending", "pending", ending or "completed"):
        response = api.get(f"{CONTACTS}/imports/{job_id}")
        assert response.json()["status"] == status
        check(response)
        clock.advance(10)
    sample = api.get(CONTACTS)
    assert sample.json()["contact_count"] == {None: 4, "completed": 2, "errored": 2, "failed": 1}[ending]
    check(sample)


@pytest.mark.parametrize("flaw", [ExportFlaw(), ExportFlaw(status="failure"), ExportFlaw(status="pending")])
def test_exports_are_listed_properly_at_every_stage(
    double: SendGridDouble, api: ApiSession, clock: FakeClock, flaw: ExportFlaw
) -> None:
    double.account.exports.spoil_next(flaw)
    api.post(f"{CONTACTS}/exports", json={"list_ids": [SOME_LIST], "segment_ids": ["any"]})
    for status in ("pending", flaw.status):
        response = api.get(f"{CONTACTS}/exports")
        assert [export["status"] for export in response.json()["result"]] == [status]
        check(response)
        clock.advance(30)


def test_contract_has_every_endpoint_of_the_double() -> None:
    paths = yaml.safe_load(CONTRACT.read_text())["paths"]
    declared = {
        (method.upper(), path) for path, item in paths.items() for method in item if method != "parameters"
    }
    assert declared == {
        (method, documented_path(rule))
        for rule in sendgrid_api().url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }


def test_what_the_double_lacks_is_no_answer_of_sendgrid(api: ApiSession) -> None:
    response = api.patch(CONTACTS)
    assert response.status_code == 501
    with pytest.raises(ContractViolation):
        check_response(response)


def test_removing_a_last_identifier_is_told_properly(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    contact_id = double.account.add_contact(email="b@example.com")
    last = {"identifier_type": "EMAIL", "identifier_value": "b@example.com"}
    job_id = api.delete(f"{CONTACTS}/{contact_id}/identifiers", json=last).json()["job_id"]
    clock.advance(30)
    response = api.get(f"{CONTACTS}/imports/{job_id}")
    assert response.json()["status"] == "failed"
    check(response)


def test_a_contact_with_one_identifier_is_told_properly(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(anonymous_id="anon-2")
    check(api.get(f"{CONTACTS}/{contact_id}"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 413, 414, 429, 451, 500, 502, 503, 504])
def test_every_documented_error_is_told_properly(
    double: SendGridDouble, api: ApiSession, status: int
) -> None:
    double.faults.add(Fault(status=status))
    response = api.delete(CONTACTS, params={"ids": SOME_ID})
    assert response.status_code == status
    check(response)


@pytest.mark.parametrize("status", [400, 404])
def test_unknown_id_is_refused_properly(double: SendGridDouble, api: ApiSession, status: int) -> None:
    double.settings.change(unknown_id_status=status)
    response = api.delete(CONTACTS, params={"ids": f"{SOME_ID},{uuid.UUID(int=7)}"})
    assert response.status_code == status
    check(response)


def test_the_rate_limit_and_the_length_limit_are_told_properly(
    double: SendGridDouble, api: ApiSession
) -> None:
    ids = ",".join([SOME_ID] * 221)
    too_long = api.delete(f"{CONTACTS}?ids={ids}")
    double.rate_limiter.configure(RateLimit(limit=1, window_seconds=60))
    api.get(f"{CONTACTS}/count")
    too_many = api.get(f"{CONTACTS}/count")
    assert (too_long.status_code, too_many.status_code) == (414, 429)
    check(too_long)
    check(too_many)
