"""Lists that name contacts by identifiers: small ones are searched for, large ones are joined with an export."""

import json
from typing import Any

import pytest

from contact_deletion.contact_list import identifier_resolution
from contact_deletion.deletion import identifier_search
from contact_deletion.errors import InvalidRequest, ListUnreadable, RateLimited, SendGridUnavailable
from local.sendgrid_double import Fault
from local.sendgrid_double.export_files import export_files
from tests.contact_list.support import LIST, PreparedLists
from tests.support.sample_lists import ADDRESSES, files

SEARCH = "/v3/marketing/contacts/search/identifiers/{identifier_type}"

KINDS = {
    "email": ("EMAIL", ["ada@example.com", "bo@example.com"], " ADA@Example.com ", "cy@example.com"),
    "external_id": ("EXTERNALID", ["customer-1", "customer-2"], " customer-1", "customer-3"),
    "phone_number_id": ("PHONENUMBERID", ["+15550000001", "+15550000002"], "15550000001", "+15550000003"),
    "anonymous_id": ("ANONYMOUSID", ["visitor-1", "visitor-2"], "visitor-1\t", "visitor-3"),
}


def counts(plan: dict[str, Any]) -> dict[str, int]:
    """Those that account for the rows."""
    names = ("rows", "contacts", "duplicates", "rejected_rows", "not_found", "alternate_email_matches")
    return {name: plan[name] for name in names if plan[name]}


def export(lists: PreparedLists, *, contacts_per_file: int = 1_000) -> dict[str, Any]:
    """All contacts of the account, as the parts of a backup."""
    files = export_files(lists.world.double.account.contacts(), "csv", None, contacts_per_file)
    return {"parts": [lists.put_part(file) for file in files]}


@pytest.fixture
def joined(lists: PreparedLists, monkeypatch: pytest.MonkeyPatch) -> PreparedLists:
    """However small, a list needs an export."""
    monkeypatch.setattr(identifier_resolution, "MAX_SEARCHED", 0)
    return lists


def plan_of(lists: PreparedLists, **request: Any) -> dict[str, Any]:
    """The plan, with an export where one is required."""
    response = lists.invoke(**request)
    while response["status"] != "prepared":
        if response["status"] == "export_required":
            request["contacts"] = export(lists)
        response = lists.invoke(**request, continuation=json.loads(json.dumps(response["continuation"])))
    return dict(response["plan"])


@pytest.mark.parametrize("way", ["searched", "joined"])
@pytest.mark.parametrize("column", KINDS)
def test_the_plan_says_how_many_identifiers_were_found(
    lists: PreparedLists, monkeypatch: pytest.MonkeyPatch, way: str, column: str
) -> None:
    _, known, other_spelling, unknown = KINDS[column]
    there = [lists.world.new_contact(**{column: value}) for value in known]
    kept_contact = lists.world.new_contact(email="kept@example.com", external_id="kept", anonymous_id="kept")
    if way == "joined":
        monkeypatch.setattr(identifier_resolution, "MAX_SEARCHED", 0)
    rows = [column.upper(), *known, "", other_spelling, unknown, column.upper(), '"a\tb\x01"']
    lists.put("\r\n".join(f"{row};x" if row else "" for row in rows))

    plan = plan_of(lists)

    assert counts(plan) == {"rows": 5, "contacts": 2, "duplicates": 1, "rejected_rows": 1, "not_found": 1}
    assert (plan["sample_size"], plan["sample_existing"]) == (2, 2)
    assert lists.contacts() == sorted(there)
    assert kept_contact not in lists.contacts()
    assert [row for row, _ in lists.rejected()] == [8]
    assert bool(lists.world.searches()) is (way == "searched")


def test_the_sample_is_a_list_of_addresses(lists: PreparedLists) -> None:
    lists.world.new_contact(email="ada@example.com")
    lists.put(files()[ADDRESSES])

    assert counts(plan_of(lists)) == {"rows": 3, "contacts": 1, "duplicates": 1, "not_found": 1}


def test_json_lines_may_have_identifiers(lists: PreparedLists) -> None:
    contact = lists.world.new_contact(email="ada@example.com")
    lists.put('{"Email": "ada@example.com"}\n{"Email": 7}\n')

    assert counts(plan_of(lists)) == {"rows": 2, "contacts": 1, "rejected_rows": 1}
    assert lists.contacts() == [contact]
    assert lists.rejected() == [(2, "not a valid e-mail address")]


def test_a_list_of_addresses_needs_no_header(lists: PreparedLists) -> None:
    contact = lists.world.new_contact(email="ada@example.com")
    lists.put("ada@example.com\nbo@example.com\n")

    assert counts(plan_of(lists, identifier_type="EMAIL")) == {"rows": 2, "contacts": 1, "not_found": 1}
    assert lists.contacts() == [contact]


def test_contact_ids_come_first(lists: PreparedLists) -> None:
    """SendGrid's own export has both."""
    contact = lists.world.new_contact(email="ada@example.com")
    lists.put(f"EMAIL,CONTACT_ID\nbo@example.com,{contact}\n")

    assert counts(plan_of(lists)) == {"rows": 1, "contacts": 1}
    assert lists.world.searches() == []


def test_a_list_with_identifiers_of_several_types_asks_for_one(lists: PreparedLists) -> None:
    contact = lists.world.new_contact(email="ada@example.com", external_id="1")
    lists.world.new_contact(external_id="2")
    lists.put("email,external_id\nada@example.com,2\n")

    with pytest.raises(ListUnreadable, match="email, external_id; name one as identifier_type"):
        lists.invoke()

    assert counts(plan_of(lists, identifier_type="EMAIL")) == {"rows": 1, "contacts": 1}
    assert lists.contacts() == [contact]


def test_the_column_of_an_identifier_may_be_named(lists: PreparedLists) -> None:
    lists.world.new_contact(external_id="1")
    lists.put("Kundennummer;id\n1;x\n")

    plan = plan_of(lists, identifier_type="EXTERNALID", id_column="kundennummer")

    assert counts(plan) == {"rows": 1, "contacts": 1}


def test_a_list_without_the_column_says_which(lists: PreparedLists) -> None:
    lists.put("Kundennummer\n1\n")

    with pytest.raises(ListUnreadable, match="no column external_id"):
        lists.invoke(identifier_type="EXTERNALID")


def test_an_address_that_a_contact_has_as_an_alternate_is_left_alone(lists: PreparedLists) -> None:
    lists.world.double.account.add_contact(email="own@example.com", alternate_emails=("ada@example.com",))
    lists.put("email\nada@example.com\n")

    assert counts(plan_of(lists)) == {"rows": 1, "alternate_email_matches": 1}
    assert lists.contacts() == []


def test_an_address_that_sendgrid_refuses_is_rejected_with_its_row(lists: PreparedLists) -> None:
    contact = lists.world.new_contact(email="ada@example.com")
    lists.put("email\nada@example.com\nbo@host\nBO@host\ncy@host\n")

    assert counts(plan_of(lists)) == {"rows": 4, "contacts": 1, "duplicates": 1, "rejected_rows": 2}
    assert lists.contacts() == [contact]
    assert lists.rejected() == [(3, "refused by SendGrid"), (5, "refused by SendGrid")]


def test_a_list_of_which_sendgrid_refuses_very_many_is_joined(
    lists: PreparedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identifier_search, "MAX_DIVISIONS", 3)
    lists.world.new_contact(email="ada@example.com")
    lists.put("email\nada@example.com\n" + "".join(f"{number}@host\n" for number in range(10)))

    assert lists.invoke()["status"] == "export_required"
    assert counts(plan_of(lists)) == {"rows": 11, "contacts": 1, "not_found": 10}


@pytest.mark.parametrize(("status", "error"), [(503, SendGridUnavailable), (429, RateLimited)])
def test_an_outage_of_the_search_repeats_nothing_but_the_search(
    lists: PreparedLists, status: int, error: type[Exception]
) -> None:
    lists.world.new_contact(email="ada@example.com")
    lists.world.double.faults.add(Fault(route=SEARCH, status=status, times=100))
    lists.put("email\nada@example.com\n")

    pending = lists.invoke()
    assert (pending["status"], pending["continuation"]["stage"]) == ("pending", "search")
    with pytest.raises(error):
        lists.invoke(continuation=pending["continuation"])

    lists.world.double.faults.clear()
    lists.world.clock.advance(120)
    response = lists.invoke(continuation=pending["continuation"])
    assert counts(response["plan"]) == {"rows": 1, "contacts": 1}


def test_a_search_is_repeated_where_only_a_part_of_it_is_refused_for_good(lists: PreparedLists) -> None:
    """Addresses of a usual form and others are searched for in different calls."""
    lists.world.double.faults.add(Fault(route=SEARCH, status=406))
    lists.world.double.faults.add(Fault(route=SEARCH, status=503))
    lists.put("email\nada@example.com\no'brien@example.com\n")

    pending = lists.invoke()
    lists.world.double.faults.add(Fault(route=SEARCH, status=406))
    lists.world.double.faults.add(Fault(route=SEARCH, status=503))

    with pytest.raises(SendGridUnavailable):
        lists.invoke(continuation=pending["continuation"])


class SlowS3:
    """Takes 100 of the 300 seconds of an invocation for each file of an export."""

    def __init__(self, lists: PreparedLists) -> None:
        self._s3, self._clock = lists.bucket.s3, lists.world.clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **request: Any) -> Any:
        if request["Key"].startswith("backups/"):
            self._clock.advance(100)
        return self._s3.get_object(**request)


def test_files_of_an_export_that_take_longer_continue_in_the_next_invocation(joined: PreparedLists) -> None:
    there = [joined.world.new_contact(email=f"{number}@example.com") for number in range(3)]
    joined.put("email\n" + "".join(f"{number}@example.com\n" for number in (0, 1, 2, 2, 7)))
    contacts = export(joined, contacts_per_file=1)
    contacts["parts"] += contacts["parts"][:1]
    required = joined.invoke()
    joined.use(SlowS3(joined))

    pending = joined.invoke(contacts=contacts, continuation=required["continuation"])
    response = joined.invoke(contacts=contacts, continuation=pending["continuation"])

    assert (required["status"], pending["status"]) == ("export_required", "pending")
    assert counts(response["plan"]) == {"rows": 5, "contacts": 3, "duplicates": 1, "not_found": 1}
    assert joined.contacts() == sorted(there)


def test_an_account_without_contacts_has_none_of_them(joined: PreparedLists) -> None:
    joined.put("email\nada@example.com\n")
    required = joined.invoke()

    response = joined.invoke(contacts={"parts": []}, continuation=required["continuation"])

    assert counts(response["plan"]) == {"rows": 1, "not_found": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("CONTACT_ID,EXTERNAL_ID\n", "the export of all contacts has no column email"),
        ('EMAIL,CONTACT_ID\n"x"y,\n', "the export of all contacts is broken at line 2"),
        ("EMAIL,CONTACT_ID\nada@example.com,7\n", "has a contact ID that is not a UUID"),
    ],
)
def test_an_export_that_cannot_be_joined_deletes_nothing(
    joined: PreparedLists, content: str, message: str
) -> None:
    joined.put("email\nada@example.com\n")
    required = joined.invoke()
    contacts = {"parts": [joined.put_part(content.encode())]}

    with pytest.raises(ListUnreadable, match=message):
        joined.invoke(contacts=contacts, continuation=required["continuation"])


def test_both_contacts_with_spellings_of_one_identifier_are_found(joined: PreparedLists) -> None:
    there = [joined.world.new_contact(phone_number_id=value) for value in ("+15550000001", "15550000001")]
    joined.put("phone_number_id\n15550000001\n")

    assert counts(plan_of(joined)) == {"rows": 1, "contacts": 2}
    assert joined.contacts() == sorted(there)


def test_an_identifier_in_several_files_of_an_export_is_found_once(joined: PreparedLists) -> None:
    numbers = [f"1555000000{number}" for number in range(5)]
    there = [
        joined.world.new_contact(phone_number_id=f"{sign}{number}")
        for sign in ("+", "")
        for number in numbers
    ]
    joined.put("\n".join(["phone_number_id", *numbers, "15550000009"]))
    contacts = export(joined, contacts_per_file=5)

    required = joined.invoke()
    response = joined.invoke(contacts=contacts, continuation=required["continuation"])

    assert counts(response["plan"]) == {"rows": 6, "contacts": 10, "not_found": 1}
    assert joined.contacts() == sorted(there)


def test_a_continuation_lacks_no_type(joined: PreparedLists) -> None:
    joined.put("email\nada@example.com\n")
    continuation = joined.invoke()["continuation"] | {"identifier_type": None}

    with pytest.raises(InvalidRequest, match="continuation: identifier_type is missing"):
        joined.invoke(contacts=export(joined), continuation=continuation)


def test_too_many_identifiers_are_refused(joined: PreparedLists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identifier_resolution, "MAX_JOINED", 1)
    joined.put("email\nada@example.com\nADA@example.com\nbo@example.com\n")

    with pytest.raises(ListUnreadable, match="more than 1 identifiers"):
        joined.invoke()

    joined.put("email\nada@example.com\nADA@example.com\n")
    assert joined.invoke()["status"] == "export_required"


def test_as_many_identifiers_as_may_be_searched_for_need_no_export(
    lists: PreparedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identifier_resolution, "MAX_SEARCHED", 1)
    lists.put("email\nada@example.com\n")
    assert lists.invoke()["status"] == "prepared"


@pytest.mark.parametrize("stage", ["read", "join"])
def test_a_key_that_is_replaced_meanwhile_fails_the_list(joined: PreparedLists, stage: str) -> None:
    joined.put("email\nada@example.com\n")
    continuation = joined.invoke()["continuation"] | {"stage": stage, "hash_key": "0" * 16}

    with pytest.raises(ListUnreadable, match="the API key was replaced"):
        joined.invoke(contacts={"parts": []}, continuation=continuation)


def test_no_identifier_is_stored_or_logged(joined: PreparedLists) -> None:
    joined.world.new_contact(email="ada@example.com")
    joined.put("email\nada@example.com\nnot an address\n")

    plan_of(joined)

    bucket = joined.bucket
    stored = [entry["Key"] for entry in bucket.s3.list_objects_v2(Bucket=bucket.name)["Contents"]]
    for key in set(stored) - {LIST}:
        content = bucket.s3.get_object(Bucket=bucket.name, Key=key)["Body"].read()
        assert b"ada" not in content, key
        assert b"not an address" not in content, key
    assert "ada@" not in joined.world.log.getvalue()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"identifier_type": "email"}, "identifier_type must be one of"),
        ({"contacts": []}, "contacts: the request must be a JSON object"),
        ({"contacts": {"parts": 7}}, "contacts: parts must be a list of 0 to 1000"),
        (
            {
                "identifier_type": "EMAIL",
                "source": {"parts": [{"key": "backups/x/part-00000.csv.gz", "version_id": "v"}]},
            },
            "identifier_type is for a list under key",
        ),
    ],
)
def test_a_request_that_is_not_valid_names_the_field(
    lists: PreparedLists, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest, match=message):
        lists.invoke(**change)
