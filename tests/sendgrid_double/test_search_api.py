from typing import Any

import pytest

from local.sendgrid_double import SendGridDouble
from tests.sendgrid_double.support import CONTACTS, ApiSession, refusal

EMAILS = f"{CONTACTS}/search/emails"
IDENTIFIERS = f"{CONTACTS}/search/identifiers"


def found(response: Any) -> dict[str, str]:
    """The id of the contact, or the error, for each value of an answer."""
    assert response.status_code == 200
    result = response.json()["result"]
    return {value: entry.get("error") or entry["contact"]["id"] for value, entry in result.items()}


def test_contacts_are_found_by_primary_and_alternate_address(double: SendGridDouble, api: ApiSession) -> None:
    ada = double.account.add_contact(email="ada@example.com", alternate_emails=["Love@example.com"])
    bob = double.account.add_contact(external_id="x", alternate_emails=["bob@example.com"])
    emails = ["ADA@example.com", "love@Example.com", "", "bob@example.com", "eve@example.com"]
    response = api.post(EMAILS, json={"emails": [*emails, "ada@example.com"]})
    assert found(response) == {
        "ada@example.com": ada,
        "love@example.com": ada,
        "bob@example.com": bob,
        "eve@example.com": "contact not found",
    }
    contact = response.json()["result"]["love@example.com"]["contact"]
    assert contact == api.get(f"{CONTACTS}/{ada}").json()
    assert (contact["email"], contact["alternate_emails"]) == ("ada@example.com", ["love@example.com"])
    assert response.json()["result"]["eve@example.com"] == {"error": "contact not found"}


def test_primary_address_goes_before_an_alternate_one(double: SendGridDouble, api: ApiSession) -> None:
    double.account.add_contact(email="other@example.com", alternate_emails=["ada@example.com"])
    ada = double.account.add_contact(email="ada@example.com")
    assert found(api.post(EMAILS, json={"emails": ["ada@example.com"]})) == {"ada@example.com": ada}


def test_oldest_of_several_contacts_is_found(double: SendGridDouble, api: ApiSession) -> None:
    first, _ = (
        double.account.add_contact(alternate_emails=["a@example.com"], external_id="x") for _ in range(2)
    )
    assert found(api.post(EMAILS, json={"emails": ["a@example.com"]})) == {"a@example.com": first}
    assert found(api.post(f"{IDENTIFIERS}/external_id", json={"identifiers": ["x"]})) == {"x": first}


@pytest.mark.parametrize(
    ("identifier_type", "value", "asked"),
    [
        ("email", "ada@example.com", "Ada@example.com"),
        ("phone_number_id", "+15555550100", "+15555550100"),
        ("external_id", "X-1", "X-1"),
        ("anonymous_id", "N-1", "N-1"),
    ],
)
def test_contacts_are_found_by_each_identifier(
    double: SendGridDouble, api: ApiSession, identifier_type: str, value: str, asked: str
) -> None:
    contact_id = double.account.add_contact(**{identifier_type: value})
    missing = "eve@example.com"
    response = api.post(f"{IDENTIFIERS}/{identifier_type}", json={"identifiers": [asked, "", missing]})
    assert found(response) == {value: contact_id, missing: "contact not found"}


@pytest.mark.parametrize(("kind", "value"), [("external_id", "x-1"), ("email", "love@example.com")])
def test_search_finds_neither_another_case_nor_an_alternate_address(
    double: SendGridDouble, api: ApiSession, kind: str, value: str
) -> None:
    double.account.add_contact(external_id="X-1", alternate_emails=["love@example.com"])
    assert api.post(f"{IDENTIFIERS}/{kind}", json={"identifiers": [value]}).status_code == 404


each_search = pytest.mark.parametrize(
    ("path", "field"), [("emails", "emails"), ("identifiers/email", "identifiers")]
)


@pytest.mark.parametrize("values", [[], [""], ["eve@example.com"]])
@each_search
def test_search_that_finds_nothing_is_a_404(api: ApiSession, path: str, field: str, values: Any) -> None:
    response = api.post(f"{CONTACTS}/search/{path}", json={field: values})
    assert (response.status_code, "errors" in response.json()) == (404, True)


@pytest.mark.parametrize(
    "invalid", ["ada", "ada@example", " ada@example.com", "@example.com", "a@b@example.com"]
)
@each_search
def test_invalid_address_is_refused(
    double: SendGridDouble, api: ApiSession, path: str, field: str, invalid: str
) -> None:
    double.account.add_contact(email="ada@example.com")
    response = api.post(f"{CONTACTS}/search/{path}", json={field: ["ada@example.com", invalid]})
    assert refusal(response) == (400, field)


def test_long_address_is_found_as_an_identifier_only(double: SendGridDouble, api: ApiSession) -> None:
    shorter, longer = f"{'a' * 88}@example.com", f"{'a' * 242}@example.com"
    for email in (shorter, longer):
        double.account.add_contact(email=email)
    assert (len(shorter), len(longer)) == (100, 254)
    assert api.post(EMAILS, json={"emails": [shorter]}).status_code == 200
    assert api.post(EMAILS, json={"emails": [f"a{shorter}"]}).status_code == 400
    assert api.post(f"{IDENTIFIERS}/email", json={"identifiers": [longer]}).status_code == 200
    assert api.post(f"{IDENTIFIERS}/email", json={"identifiers": [f"a{longer}"]}).status_code == 400


@each_search
@pytest.mark.parametrize(
    "values", [None, "ada@example.com", [1], ["", None], [f"{n}@example.com" for n in range(101)]]
)
def test_search_takes_up_to_100_strings(api: ApiSession, path: str, field: str, values: Any) -> None:
    response = api.post(f"{CONTACTS}/search/{path}", json={field: values})
    assert refusal(response) == (400, field)


def test_search_takes_a_json_object(api: ApiSession) -> None:
    assert api.post(EMAILS, data="emails=ada@example.com").status_code == 400
    assert api.post(EMAILS, json=["ada@example.com"]).status_code == 400


def test_100_addresses_are_searched_at_once(double: SendGridDouble, api: ApiSession) -> None:
    emails = [f"{number}@example.com" for number in range(100)]
    ids = {email: double.account.add_contact(email=email) for email in emails}
    assert found(api.post(EMAILS, json={"emails": emails})) == ids


@pytest.mark.parametrize("identifier_type", ["EMAIL", "address", "phone"])
def test_identifier_types_are_in_lower_case(api: ApiSession, identifier_type: str) -> None:
    response = api.post(f"{IDENTIFIERS}/{identifier_type}", json={"identifiers": ["x"]})
    assert refusal(response) == (400, "identifier_type")


def test_sample_is_of_50_contacts_updated_last_by_address(double: SendGridDouble, api: ApiSession) -> None:
    for number in range(60):
        double.clock.advance(1)
        double.account.add_contact(email=f"{99 - number}@example.com")
    body = api.get(CONTACTS).json()
    assert [contact["email"] for contact in body["result"]] == [f"{n}@example.com" for n in range(40, 90)]
    assert body["contact_count"] == 60
    assert body["_metadata"] == {"self": f"https://api.sendgrid.com{CONTACTS}"}
    assert body["result"][0] == api.get(f"{CONTACTS}/{body['result'][0]['id']}").json()


def test_sample_of_an_empty_account_is_empty(api: ApiSession) -> None:
    assert (api.get(CONTACTS).json()["result"], api.get(CONTACTS).json()["contact_count"]) == ([], 0)
