import gzip
from typing import Any

import pytest

from local.sendgrid_double import SendGridDouble
from tests.sendgrid_double.conftest import JOB_DELAY
from tests.sendgrid_double.support import CONTACTS, ApiSession, refusal

LIST = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"


def test_upserted_contact_is_shown_as_it_was_given(double: SendGridDouble, api: ApiSession) -> None:
    given = {
        "first_name": "Ada",
        "postal_code": "HU1",
        "phone_number_id": "+15555550100",
        "external_id": "x-1",
        "anonymous_id": "n-1",
        "custom_fields": {"w1": "tea", "w2": 2},
    }
    addresses = {"email": "Ada@Example.com", "alternate_emails": ["Love@Example.com"]}
    response = api.put(CONTACTS, json={"list_ids": [LIST], "contacts": [given | addresses]})
    assert (response.status_code, list(response.json())) == (202, ["job_id"])
    double.clock.advance(JOB_DELAY)
    (contact,) = double.account.contacts()
    shown = api.get(f"{CONTACTS}/{contact.id}").json()
    assert {key: shown[key] for key in given} == given
    assert (shown["email"], shown["alternate_emails"]) == ("ada@example.com", ["love@example.com"])
    assert (shown["list_ids"], shown["address_line_1"]) == ([LIST], "")


def test_job_of_an_upsert_shows_what_was_observed(double: SendGridDouble, api: ApiSession) -> None:
    double.account.add_contact(external_id="x-1")
    double.settings.counts_early_seconds = 1
    body = {"contacts": [{"email": "a@example.com"}, {"external_id": "x-1"}]}
    job_id = api.put(CONTACTS, json=body).json()["job_id"]
    early = api.job(job_id)
    assert (early["job_type"], early["results"]) == ("upsert_contacts", {"requested_count": 2})
    double.settings.upsert_job_type = "upsert"
    for advance, status in ((JOB_DELAY - 1, "pending"), (1, "completed")):
        double.clock.advance(advance)
        job = api.job(job_id)
        assert (job["status"], job["job_type"]) == (status, "upsert")
        assert job["results"] == {"requested_count": 2, "created_count": 1, "updated_count": 1}


def test_failed_upsert_has_no_count_that_is_zero(double: SendGridDouble, api: ApiSession) -> None:
    double.account.force_next_jobs("failed")
    job_id = api.put(CONTACTS, json={"contacts": [{"external_id": "x-1"}]}).json()["job_id"]
    double.clock.advance(JOB_DELAY)
    results = api.job(job_id)["results"]
    assert results.pop("errors_url").endswith(job_id)
    assert results == {"requested_count": 1, "errored_count": 1}


def test_upsert_takes_30_000_contacts(double: SendGridDouble, api: ApiSession) -> None:
    contacts = [{"external_id": str(number)} for number in range(30_001)]
    assert refusal(api.put(CONTACTS, json={"contacts": contacts})) == (400, "contacts")
    assert api.put(CONTACTS, json={"contacts": contacts[1:]}).status_code == 202


def test_upsert_takes_6_megabytes(double: SendGridDouble, api: ApiSession) -> None:
    body = b'{"contacts": [{"external_id": "x-1"}]}'
    json_header = {"Content-Type": "application/json"}
    assert api.put(CONTACTS, data=body.ljust(6_000_000), headers=json_header).status_code == 202
    assert api.put(CONTACTS, data=body.ljust(6_000_001), headers=json_header).status_code == 400
    assert len(double.account.jobs()) == 1


@pytest.mark.parametrize(
    "contact",
    [
        {"email": f"{'a' * 242}@example.com"},
        {"external_id": "x" * 254},
        {"email": "", "anonymous_id": "n-1", "first_name": "é" * 50, "address_line_1": "x" * 100},
        {"phone_number_id": "+15555550100", "alternate_emails": [f"{name}@example.com" for name in "abcde"]},
        {"email": "o'neil+tag@münchen.example"},
    ],
)
def test_contact_may_have_what_is_documented(api: ApiSession, contact: Any) -> None:
    assert api.put(CONTACTS, json={"contacts": [contact]}).status_code == 202


@pytest.mark.parametrize(
    ("contact", "field"),
    [
        ("a@example.com", ""),
        ({}, ""),
        ({"first_name": "Ada"}, ""),
        ({"email": ""}, ""),
        ({"email": "a@example"}, ".email"),
        ({"email": "a b@example.com"}, ".email"),
        ({"email": "a@b@example.com"}, ".email"),
        ({"email": f"{'a' * 243}@example.com"}, ".email"),
        ({"email": None}, ".email"),
        ({"external_id": 1}, ".external_id"),
        ({"external_id": "x" * 255}, ".external_id"),
        ({"external_id": "x", "first_name": "x" * 51}, ".first_name"),
        ({"external_id": "x", "city": "x" * 61}, ".city"),
        ({"external_id": "x", "custom_fields": []}, ".custom_fields"),
        ({"external_id": "x", "alternate_emails": "a@example.com"}, ".alternate_emails"),
        ({"external_id": "x", "alternate_emails": ["a@example.com"] * 6}, ".alternate_emails"),
        ({"external_id": "x", "alternate_emails": ["a@example.com", "b"]}, ".alternate_emails[1]"),
        ({"external_id": "x", "alternate_emails": [1]}, ".alternate_emails[0]"),
        ({"external_id": "x", "id": "1"}, ".id"),
    ],
)
def test_invalid_contact_refuses_all(
    double: SendGridDouble, api: ApiSession, contact: Any, field: str
) -> None:
    body = {"contacts": [{"email": "fine@example.com"}, contact]}
    assert refusal(api.put(CONTACTS, json=body)) == (400, f"contacts[1]{field}")
    assert double.account.jobs() == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, None),
        ([], None),
        ({}, "contacts"),
        ({"contacts": []}, "contacts"),
        ({"contacts": {"email": "a@example.com"}}, "contacts"),
        ({"contacts": [{"email": "a@example.com"}], "list_ids": LIST}, "list_ids"),
        ({"contacts": [{"email": "a@example.com"}], "list_ids": ["1"]}, "list_ids"),
        ({"contacts": [{"email": "a@example.com"}], "list_ids": [1]}, "list_ids"),
    ],
)
def test_upsert_is_a_list_of_contacts(api: ApiSession, body: Any, field: str | None) -> None:
    assert refusal(api.put(CONTACTS, json=body)) == (400, field)


def test_export_has_the_fields_of_an_upserted_contact(double: SendGridDouble, api: ApiSession) -> None:
    named = {"external_id": "x", "first_name": "Ada"}
    api.put(CONTACTS, json={"contacts": [named | {"alternate_emails": ["a@example.com", "b@example.com"]}]})
    double.clock.advance(JOB_DELAY)
    double.account.exports.start("json")
    double.clock.advance(60)
    (export,) = double.account.exports.all()
    text = gzip.decompress(export.files[0].content).decode()
    assert '"first_name": "Ada"' in text
    assert '"alternate_emails": "a@example.com,b@example.com"' in text
