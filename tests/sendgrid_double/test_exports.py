"""Exports as state, and their files; what HTTP makes of them is in test_exports_api.py and test_downloads.py."""

import csv
import gzip
import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sendgrid_double import Account, Contact, Export, ExportFlaw
from local.sendgrid_double.export_files import export_files
from tests.sendgrid_double.conftest import EXPORT_DELAY, JOB_DELAY
from tests.sendgrid_double.support import NOW, add_contacts
from tests.support.clock import FakeClock

Ended = Callable[..., Export]


def texts_of(export: Export) -> list[str]:
    return [gzip.decompress(file.content).decode() for file in export.files]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def exported_ids(export: Export) -> list[str]:
    return [row["CONTACT_ID"] for text in texts_of(export) for row in rows_of(text)]


@pytest.fixture
def ended(account: Account, clock: FakeClock) -> Ended:
    """Makes an export and waits for its end."""

    def export(*args: Any, **options: Any) -> Export:
        started = account.exports.start(*args, **options)
        clock.advance(EXPORT_DELAY)
        found = account.exports.get(started.id)
        assert found is not None
        return found

    return export


def test_export_holds_the_contacts_of_when_it_is_ready(account: Account, clock: FakeClock) -> None:
    account.settings.export_delay = JOB_DELAY + 10
    deleted, kept = add_contacts(account, 2)
    started = account.exports.start()
    account.delete_contacts([deleted])
    clock.advance(JOB_DELAY)
    assert account.exports.get(started.id) == started
    added = account.add_contact(external_id="x-1")
    account.delete_all()
    clock.advance(3600)
    ready = account.exports.get(started.id)
    assert ready is not None
    assert (ready.status, ready.ended_at, ready.contact_count) == ("ready", NOW + JOB_DELAY + 10, 2)
    assert exported_ids(ready) == [kept, added]


def test_every_export_can_have_a_delay_of_its_own(account: Account, clock: FakeClock) -> None:
    delays = iter([20.0, 10.0])
    account.settings.export_delay = lambda: next(delays)
    slow, quick = account.exports.start(), account.exports.start()
    clock.advance(10)
    assert [export.id for export in account.exports.all()] == [slow.id, quick.id]
    assert [export.status for export in account.exports.all()] == ["pending", "ready"]


def test_a_csv_file_has_upper_case_columns(account: Account, ended: Ended) -> None:
    contact_id = account.add_contact(
        email="a@example.com", phone_number_id="+15555550100", external_id="x, 1", anonymous_id='"1"'
    )
    (text,) = texts_of(ended())
    assert text.startswith("EMAIL,FIRST_NAME,LAST_NAME,")
    (row,) = rows_of(text)
    identifiers = {"EMAIL": "a@example.com", "PHONE_NUMBER_ID": "+15555550100"}
    identifiers |= {"CONTACT_ID": contact_id, "EXTERNAL_ID": "x, 1", "ANONYMOUS_ID": '"1"'}
    times = dict.fromkeys(("CREATED_AT", "UPDATED_AT"), "2027-01-15T08:00:00Z")
    assert row == row | identifiers | times | {"FIRST_NAME": ""}


def test_a_csv_file_has_everything_that_csv_quotes(account: Account, ended: Ended) -> None:
    for number in range(4):
        account.add_contact(contact_id=str(uuid.UUID(int=number)), external_id=str(number))
    (text,) = texts_of(ended())
    assert len(text.splitlines()) > 1 + len(account)
    addresses = [row["ADDRESS_LINE_1"] for row in rows_of(text)]
    assert [mark for mark in ',"\n' if any(mark in address for address in addresses)] == [*',"\n']
    assert "" in addresses


def test_json_lines_hold_the_same_in_lower_case(account: Account, ended: Ended) -> None:
    ids = add_contacts(account, 3)
    account.settings.export_part_contacts = 2
    export = ended("json")
    records = [json.loads(line) for text in texts_of(export) for line in text.splitlines()]
    assert [record["contact_id"] for record in records] == ids
    assert [file.name for file in export.files] == ["0.json.gz", "1.json.gz"]
    assert (len({file.signature for file in export.files}), export.contact_count) == (2, 3)


@pytest.mark.parametrize("number", [0, 5])
def test_export_of_nothing_is_one_file_with_a_header(account: Account, ended: Ended, number: int) -> None:
    add_contacts(account, number)
    export = ended(list_ids=["fa1dbbb4-10af-42d7-b07e-d1ab501a805b"] if number else [])
    (text,) = texts_of(export)
    assert (text.splitlines()[0].split(",")[-1], rows_of(text), export.contact_count) == ("CONTACT_ID", [], 0)


def test_flaws_are_for_so_many_exports_and_one_may_stay_pending(account: Account, clock: FakeClock) -> None:
    account.exports.spoil_next(ExportFlaw(status="failure"), count=2)
    account.exports.spoil_next(ExportFlaw(status="pending"))
    for _ in range(4):
        account.exports.start()
    clock.advance(1e6)
    statuses = [export.status for export in account.exports.all()]
    assert statuses == ["failure", "failure", "pending", "ready"]


@pytest.mark.parametrize(
    ("missing", "counted", "written", "count"),
    [
        (2, "all", 3, 5),
        (9, "all", 0, 5),
        (2, "written", 3, 3),
        (2, "nothing", 3, None),
        (0, "nothing", 5, None),
    ],
)
def test_export_can_leave_contacts_out(
    account: Account, ended: Ended, missing: int, counted: Any, written: int, count: int | None
) -> None:
    add_contacts(account, 5)
    account.exports.spoil_next(ExportFlaw(missing=missing, counted=counted))
    export = ended()
    assert (len(exported_ids(export)), export.contact_count) == (written, count)


@pytest.mark.parametrize("senseless", [{"status": "failed"}, {"counted": "some"}, {"missing": -1}])
def test_a_senseless_flaw_is_refused(senseless: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"an export ends|a number of contacts"):
        ExportFlaw(**senseless)


contacts = st.builds(
    Contact,
    id=st.uuids().map(str),
    created_at=st.just(NOW),
    updated_at=st.just(NOW),
    external_id=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")),
)


@given(st.lists(contacts), st.integers(1, 5000), st.integers(1, 10))
def test_every_contact_is_in_exactly_one_file(
    exported: list[Contact], max_bytes: int, max_contacts: int
) -> None:
    files = [gzip.decompress(file) for file in export_files(exported, "csv", max_bytes, max_contacts)]
    parts = [rows_of(file.decode()) for file in files]
    assert [(row["CONTACT_ID"], row["EXTERNAL_ID"]) for part in parts for row in part] == [
        (contact.id, contact.external_id) for contact in exported
    ]
    assert all(len(part) <= max_contacts for part in parts)
    assert all(
        len(part) == 1 or len(file) <= max_bytes for part, file in zip(parts, files, strict=True) if part
    )


def test_a_row_may_appear_twice(account: Account, ended: Ended) -> None:
    ids = add_contacts(account, 5)
    account.exports.spoil_next(ExportFlaw(missing=1, repeated=1))
    export = ended()
    assert (sorted(exported_ids(export)), export.contact_count) == (sorted([*ids[1:], ids[1]]), 5)


@pytest.mark.parametrize(("number", "headers"), [(0, 1), (4, 2), (5, 3)])
def test_each_gzip_member_may_have_a_header(
    account: Account, ended: Ended, number: int, headers: int
) -> None:
    ids = add_contacts(account, number)
    account.settings.export_member_contacts = 2
    (text,) = texts_of(ended())
    assert text.count("EMAIL,FIRST_NAME") == headers
    assert [row["CONTACT_ID"] for row in rows_of(text) if row["CONTACT_ID"] != "CONTACT_ID"] == ids
