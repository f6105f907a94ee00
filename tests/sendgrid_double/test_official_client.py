"""Twilio's official client finds in the double what it expects of SendGrid."""

from typing import Any

import pytest
from python_http_client.exceptions import BadRequestsError, HTTPError, NotFoundError
from sendgrid import SendGridAPIClient

from local.sendgrid_double import SendGridDouble
from tests.sendgrid_double.conftest import JOB_DELAY
from tests.sendgrid_double.support import API_KEY

LIST = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"


@pytest.fixture
def contacts(base_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client at …/marketing/contacts."""
    monkeypatch.setenv("no_proxy", "*")
    return SendGridAPIClient(API_KEY, host=base_url).client.marketing.contacts


def error_of(call: Any, **arguments: Any) -> HTTPError:
    with pytest.raises(HTTPError) as raised:
        call(**arguments)
    return raised.value


def test_contacts_are_upserted_found_and_deleted(double: SendGridDouble, contacts: Any) -> None:
    upserts = [
        {"email": "Ada@example.com", "alternate_emails": ["love@example.com"], "first_name": "Ada"},
        {"external_id": "x-1", "phone_number_id": "+15555550100"},
    ]
    accepted = contacts.put(request_body={"list_ids": [LIST], "contacts": upserts})
    double.clock.advance(JOB_DELAY)
    job = contacts.imports._(accepted.to_dict["job_id"]).get().to_dict
    by_email = contacts.search.emails.post(
        request_body={"emails": ["Love@example.com", "eve@example.com"]}
    ).to_dict
    by_id = contacts.search.identifiers._("external_id").post(request_body={"identifiers": ["x-1"]}).to_dict
    ada, other = by_email["result"]["love@example.com"]["contact"], by_id["result"]["x-1"]["contact"]
    sample = contacts.get().to_dict

    assert accepted.status_code == 202
    assert (job["status"], job["results"]) == ("completed", {"requested_count": 2, "created_count": 2})
    assert (ada["email"], ada["first_name"], ada["list_ids"]) == ("ada@example.com", "Ada", [LIST])
    assert by_email["result"]["eve@example.com"] == {"error": "contact not found"}
    assert (sample["result"], sample["contact_count"]) == ([other, ada], 2)

    deleted = contacts.delete(query_params={"ids": f"{ada['id']},{other['id']}"})
    double.clock.advance(JOB_DELAY)
    job = contacts.imports._(deleted.to_dict["job_id"]).get().to_dict
    assert (job["status"], job["results"]["deleted_count"]) == ("completed", 2)
    assert contacts.count.get().to_dict["contact_count"] == 0


def test_refusals_are_the_errors_that_the_client_knows(contacts: Any) -> None:
    none_found = error_of(contacts.search.emails.post, request_body={"emails": ["eve@example.com"]})
    invalid = error_of(contacts.search.identifiers._("email").post, request_body={"identifiers": ["eve"]})
    empty = error_of(contacts.put, request_body={"contacts": []})
    message = none_found.to_dict["errors"][0]["message"]
    assert (type(none_found), message) == (NotFoundError, "no contacts found")
    assert (type(invalid), invalid.to_dict["errors"][0]["field"]) == (BadRequestsError, "identifiers")
    lacking = error_of(contacts.search.post, request_body={"query": "email LIKE 'a%'"})
    assert (lacking.status_code, type(lacking)) == (501, HTTPError)
    assert (type(empty), empty.to_dict["errors"][0]["field"]) == (BadRequestsError, "contacts")
