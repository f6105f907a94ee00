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
def double() -> SendGridDouble:
    rate_limit = RateLimit(limit=600, window_seconds=60)
    double = SendGridDouble(clock=FakeClock(NOW), job_delay=30, rate_limit=rate_limit)
    identifiers = {"phone_number_id": "+15555550100", "external_id": "x-1", "anonymous_id": "anon-1"}
    double.account.add_contact(contact_id=SOME_ID, email="a@example.com", list_ids=[SOME_LIST], **identifiers)
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
def test_valid_call_is_answered(api: ApiSession, method: str, path: str, body: Any, status: int) -> None:
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
def test_invalid_call_gets_its_refusal(api: ApiSession, method: str, path: str, body: Any) -> None:
    response = api.request(method, CONTACTS + path, json=body)
    assert response.status_code == 400
    check_response(response)


@pytest.mark.parametrize("headers", [{"Authorization": None}, {"Accept": "text/html"}])
def test_call_without_its_headers_gets_its_refusal(api: ApiSession, headers: dict[str, Any]) -> None:
    response = api.get(f"{CONTACTS}/count", headers=headers)
    assert response.status_code in (401, 406)
    check_response(response)


@pytest.mark.parametrize("reset", ["epoch", "seconds"])
@pytest.mark.parametrize(("ending", "left"), [(None, 3), ("completed", 2), ("errored", 2), ("failed", 1)])
def test_jobs_are_shown_as_the_contract_says_at_every_stage(
    double: SendGridDouble, api: ApiSession, ending: Any, left: int, reset: Any
) -> None:
    double.rate_limiter.configure(RateLimit(limit=600, window_seconds=60, reset=reset))
    double.settings.change(job_hidden_seconds=10, counts_early_seconds=10)
    if ending:
        double.account.force_next_jobs(ending, count=2)
    contacts = [ANY_CONTACT, {"external_id": "x-2"}, {"email": "b@example.com"}]
    jobs = [
        api.delete(CONTACTS, params={"ids": SOME_ID}).json()["job_id"],
        api.put(CONTACTS, json={"list_ids": [SOME_LIST], "contacts": contacts}).json()["job_id"],
    ]
    for status in (None, "pending", "pending", ending or "completed"):
        for job_id in jobs:
            response = api.get(f"{CONTACTS}/imports/{job_id}")
            assert response.json().get("status") == status
            check(response)
        double.clock.advance(10)
    sample = api.get(CONTACTS)
    assert sample.json()["contact_count"] == left
    check(sample)


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
def test_export_is_shown_and_listed_as_the_contract_says_at_every_stage(
    double: SendGridDouble, api: ApiSession, flaw: ExportFlaw
) -> None:
    double.account.exports.spoil_next(flaw)
    body = {"list_ids": [SOME_LIST], "segment_ids": ["any"]}
    export_id = api.post(f"{CONTACTS}/exports", json=body).json()["id"]
    for status in ("pending", flaw.status):
        shown, listed = (api.get(f"{CONTACTS}/exports{path}") for path in (f"/{export_id}", ""))
        assert (
            [shown.json()["status"]] == [export["status"] for export in listed.json()["result"]] == [status]
        )
        check(shown)
        check(listed)
        double.clock.advance(30)


@pytest.mark.parametrize("path", ["lists/{}/contacts/count", "segments/2.0/{}"])
@pytest.mark.parametrize(("group_id", "status"), [(SOME_LIST, 200), (SOME_ID, 404)])
def test_counts_of_lists_and_segments_are_as_the_contract_says(
    double: SendGridDouble, api: ApiSession, path: str, group_id: str, status: int
) -> None:
    double.account.add_contact(email="b@example.com", segment_ids=[SOME_LIST])

    response = api.get(f"/v3/marketing/{path.format(group_id)}")

    assert response.status_code == status
    check(response)


def test_contract_has_every_endpoint_of_the_double() -> None:
    document = yaml.safe_load(CONTRACT.read_text())
    declared = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert document["openapi"].startswith("3.1")
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


def test_last_identifier_is_as_the_contract_says(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(email="b@example.com")
    check(api.get(f"{CONTACTS}/{contact_id}"))
    last = {"identifier_type": "EMAIL", "identifier_value": "b@example.com"}
    job_id = api.delete(f"{CONTACTS}/{contact_id}/identifiers", json=last).json()["job_id"]
    double.clock.advance(30)
    response = api.get(f"{CONTACTS}/imports/{job_id}")
    assert response.json()["status"] == "failed"
    check(response)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 413, 414, 429, 451, 500, 502, 503, 504])
def test_error_is_as_the_contract_says(double: SendGridDouble, api: ApiSession, status: int) -> None:
    double.faults.add(Fault(status=status))
    response = api.delete(CONTACTS, params={"ids": SOME_ID})
    assert response.status_code == status
    check(response)


def test_limits_and_unknown_ids_are_as_the_contract_says(double: SendGridDouble, api: ApiSession) -> None:
    refused = [api.delete(f"{CONTACTS}?ids={','.join([SOME_ID] * 221)}")]
    for status in (400, 404):
        double.settings.change(unknown_id_status=status)
        refused.append(api.delete(CONTACTS, params={"ids": f"{SOME_ID},{uuid.UUID(int=7)}"}))
    double.rate_limiter.configure(RateLimit(limit=1, window_seconds=60))
    refused += [api.get(f"{CONTACTS}/count") for _ in range(2)][1:]
    assert [response.status_code for response in refused] == [414, 400, 404, 429]
    for response in refused:
        check(response)
