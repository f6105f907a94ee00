"""The checker finds what is wrong; that it lets pass what is right is shown in test_double.py."""

import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract import ContractViolation, check_request, check_response

CONTACTS = "https://api.sendgrid.com/v3/marketing/contacts"
SOME_ID = "e7af8e1a-9589-49de-9d43-17287789f769"
JSON = "application/json"
REMOVAL = f"/{SOME_ID}/identifiers"
HEADERS = {"Authorization": "Bearer SG.example", "Accept": "application/json"}


def prepared(method: str, url: str, **options: Any) -> requests.PreparedRequest:
    headers = HEADERS | options.pop("headers", {})
    given = {name: value for name, value in headers.items() if value is not None}
    return requests.Request(method, url, headers=given, **options).prepare()


def answer(
    request: requests.PreparedRequest, status: int, body: str, content_type: str = JSON
) -> requests.Response:
    response = requests.Response()
    response.request = request
    response.status_code = status
    response.headers["Content-Type"] = content_type
    response._content = body.encode()
    return response


@settings(max_examples=25)
@given(st.lists(st.uuids(), min_size=1, max_size=30))
def test_any_list_of_contact_ids_may_be_deleted(ids: list[Any]) -> None:
    check_request(prepared("DELETE", CONTACTS, params={"ids": ",".join(map(str, ids))}))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "not exactly one"),
        (f"ids={SOME_ID}&delete_all_contacts=true", "not exactly one"),
        (f"ids={SOME_ID}&ids={SOME_ID}", "repeated"),
        ("ids=", "empty"),
        ("delete_all_contacts=true&ids=", "empty"),
        (f"ids={SOME_ID}&dry_run=true", "not declared"),
        (f"ids[]={SOME_ID}", "not declared"),
        ("ids=1234", "not valid"),
        (f"ids={SOME_ID}%2C", "not valid"),
        (f"ids={SOME_ID}, {SOME_ID}", "not valid"),
        ("delete_all_contacts=True", "not valid"),
    ],
)
def test_deletion_that_breaks_the_contract_is_found(query: str, reason: str) -> None:
    with pytest.raises(ContractViolation, match=reason):
        check_request(prepared("DELETE", f"{CONTACTS}?{query}"))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", None),
        ("GET", "/../lists", None),
        ("GET", "/1234", None),
        ("POST", f"/{SOME_ID}", None),
        ("DELETE", f"?ids={SOME_ID}", {"ids": [SOME_ID]}),
        ("DELETE", REMOVAL, None),
        ("DELETE", REMOVAL, {"identifier_type": "EMAIL"}),
        ("DELETE", REMOVAL, {"identifier_type": "email", "identifier_value": "a@example.com"}),
        ("DELETE", REMOVAL, {"identifier_type": "EMAIL", "identifier_value": ""}),
        ("DELETE", REMOVAL, {"identifier_type": "EMAIL", "identifier_value": "a@example.com", "force": True}),
        ("POST", "/exports", []),
        ("POST", "/exports", {"file_type": "CSV"}),
        ("POST", "/exports", {"max_file_size": "100"}),
        ("POST", "/exports", {"max_file_size": 0}),
        ("POST", "/exports", {"maximum": 100}),
        ("PUT", "", {"contacts": []}),
        ("PUT", "", {"contacts": [{"first_name": "Ada"}]}),
        ("PUT", "", {"contacts": [{"email": "a@example.com", "alternate_emails": ["b@example.com"] * 6}]}),
        ("PUT", "", {"contacts": [{"email": "a@example.com", "id": SOME_ID}]}),
        ("PUT", "", {"contacts": [{"email": "a@example.com"}], "list_ids": ["1"]}),
        ("POST", "/search/emails", {"emails": ["a@example.com"] * 101}),
        ("POST", "/search/emails", {"emails": [f"{'a' * 100}@example.com"]}),
        ("POST", "/search/emails", {"identifiers": ["a@example.com"]}),
        ("POST", "/search/identifiers/EMAIL", {"identifiers": ["a@example.com"]}),
        ("POST", "/search/identifiers/email", {"emails": ["a@example.com"]}),
    ],
)
def test_request_that_breaks_the_contract_is_found(method: str, path: str, body: Any) -> None:
    with pytest.raises(ContractViolation):
        check_request(prepared(method, CONTACTS + path, json=body))


@pytest.mark.parametrize("entry", [{}, {"error": None}, {"contact": {}}, {"contact": {"id": SOME_ID}}])
def test_search_result_that_breaks_the_contract_is_found(entry: Any) -> None:
    request = prepared("POST", f"{CONTACTS}/search/emails", json={"emails": ["a@example.com"]})
    missing = {"result": {"a@example.com": {"error": "contact not found"}}}
    check_response(answer(request, 200, json.dumps(missing)))
    body = json.dumps({"result": {"a@example.com": entry}})
    with pytest.raises(ContractViolation):
        check_response(answer(request, 200, body))


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "done"},
        {"status": "ready"},
        {"status": "ready", "urls": []},
        {"status": "ready", "urls": ["https://s3.example.com/1"], "contact_count": "3"},
        {"expires_at": "tomorrow"},
        {"expires_at": None},
        {"id": ""},
    ],
)
def test_export_that_breaks_the_contract_is_found(changed: dict[str, Any]) -> None:
    times = dict.fromkeys(["created_at", "updated_at", "expires_at"], "2027-01-15T08:00:00Z")
    request = prepared("GET", f"{CONTACTS}/exports/{SOME_ID}")
    pending = {"id": SOME_ID, "status": "pending"} | times
    check_response(answer(request, 200, json.dumps(pending)))
    with pytest.raises(ContractViolation):
        check_response(answer(request, 200, json.dumps(pending | changed)))


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Accept": "*/*"}, "Accept"),
        ({"Accept": None}, "Accept"),
        ({"Authorization": None}, "Security"),
        ({"Authorization": "Basic abc"}, "Security"),
    ],
)
def test_missing_header_is_found(headers: dict[str, Any], reason: str) -> None:
    with pytest.raises(ContractViolation, match=reason):
        check_request(prepared("GET", f"{CONTACTS}/count", headers=headers))


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, '{"job_id": "1"}', JSON),
        (202, "{}", JSON),
        (202, '{"job_id": {}}', JSON),
        (202, '{"job_id": ""}', JSON),
        (202, "<html>", "text/html"),
        (202, "", JSON),
        (204, "", JSON),
        (302, "", "text/html"),
        (400, "{}", JSON),
        (400, "<html>", "text/html"),
        (400, '{"errors": []}', JSON),
        (400, '{"errors": [{"field": "ids"}]}', JSON),
    ],
)
def test_response_that_breaks_the_contract_is_found(status: int, body: str, content_type: str) -> None:
    request = prepared("DELETE", f"{CONTACTS}?ids={SOME_ID}")
    with pytest.raises(ContractViolation):
        check_response(answer(request, status, body, content_type))
