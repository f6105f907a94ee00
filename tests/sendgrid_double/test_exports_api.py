import csv
import gzip
import io
from datetime import datetime
from typing import Any

import pytest
import requests

from local.sendgrid_double import ExportFlaw, SendGridDouble
from tests.sendgrid_double.conftest import EXPORT_DELAY
from tests.sendgrid_double.support import CONTACTS, ApiSession, add_contacts, refusal

EXPORTS = f"{CONTACTS}/exports"
SOME_ID = "e7af8e1a-9589-49de-9d43-17287789f769"
LISTS = [SOME_ID, "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"]


def rows_of(content: bytes) -> list[str]:
    """The contacts of a file, by their ids."""
    text = gzip.decompress(content).decode()
    return [row["CONTACT_ID"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def ended(double: SendGridDouble, api: ApiSession, flaw: ExportFlaw | None = None) -> dict[str, Any]:
    """What the API shows of an export that has ended."""
    double.account.exports.spoil_next(flaw or ExportFlaw())
    export = double.account.exports.start()
    double.clock.advance(EXPORT_DELAY)
    body: dict[str, Any] = api.get(f"{EXPORTS}/{export.id}").json()
    return body


def test_contacts_are_exported_some_time_after_the_202(double: SendGridDouble, api: ApiSession) -> None:
    ids = add_contacts(double.account, 3)
    double.settings.export_part_contacts = 2
    response = api.post(EXPORTS, json={"file_type": "csv", "max_file_size": 100})
    assert (response.status_code, set(response.json())) == (202, {"_metadata", "id"})
    status_path = f"{EXPORTS}/{response.json()['id']}"
    assert api.get(status_path).json()["status"] == "pending"
    double.clock.advance(EXPORT_DELAY)
    status = api.get(status_path).json()
    assert (status["status"], status["contact_count"]) == ("ready", 3)
    files = [rows_of(requests.get(url, timeout=30).content) for url in status["urls"]]
    assert files == [ids[:2], ids[2:]]


def test_export_shows_little_until_it_is_ready(double: SendGridDouble, api: ApiSession) -> None:
    export = double.account.exports.start()
    shown = {
        "id": export.id,
        "created_at": "2027-01-15T08:00:00Z",
        "expires_at": "2027-01-15T20:00:00Z",
        "_metadata": {"self": f"https://api.sendgrid.com{EXPORTS}/{export.id}"},
    }
    pending = api.get(f"{EXPORTS}/{export.id}").json()
    assert pending == shown | {"status": "pending", "updated_at": "2027-01-15T08:00:00Z"}
    double.clock.advance(EXPORT_DELAY)
    ready = api.get(f"{EXPORTS}/{export.id}").json()
    times = dict.fromkeys(("completed_at", "updated_at"), "2027-01-15T08:01:00Z")
    assert len(ready.pop("urls")) == 1
    assert ready == shown | times | {"status": "ready", "contact_count": 0}


def test_failed_export_says_why_and_one_may_count_nothing(double: SendGridDouble, api: ApiSession) -> None:
    double.settings.change(export_links_rotate=True)
    failed = ended(double, api, ExportFlaw(status="failure", message="out of disk"))
    assert (failed["status"], failed["message"]) == ("failure", "out of disk")
    assert not {"urls", "contact_count"} & set(failed)
    uncounted = ended(double, api, ExportFlaw(counted="nothing"))
    assert (uncounted["status"], "contact_count" in uncounted) == ("ready", False)


@pytest.mark.parametrize("host", ["sendgrid.example.com", "127.0.0.2:8025"])
def test_links_lead_to_the_host_that_was_asked(double: SendGridDouble, api: ApiSession, host: str) -> None:
    path = f"{EXPORTS}/{ended(double, api)['id']}"
    (url,) = api.get(path, headers={"Host": host}).json()["urls"]
    assert url.startswith(f"http://{host}/")


@pytest.mark.parametrize(
    ("body", "files", "exported"),
    [
        (None, "csv", 2),
        ({}, "csv", 2),
        ({"file_type": "json"}, "json", 2),
        ({"list_ids": [], "segment_ids": [], "notifications": {"email": False}}, "csv", 2),
        ({"list_ids": [SOME_ID]}, "csv", 0),
        ({"segment_ids": ["any"]}, "csv", 0),
    ],
)
def test_export_is_of_everything_unless_lists_or_segments_are_named(
    double: SendGridDouble, api: ApiSession, body: Any, files: str, exported: int
) -> None:
    add_contacts(double.account, 2)
    assert api.post(EXPORTS, json=body).status_code == 202
    double.clock.advance(EXPORT_DELAY)
    (export,) = double.account.exports.all()
    assert (export.file_type, export.contact_count) == (files, exported)


def test_export_of_lists_has_the_contacts_on_one_of_them(double: SendGridDouble, api: ApiSession) -> None:
    add = double.account.add_contact
    on_one, on_both = add(email="a@a.co", list_ids=[SOME_ID]), add(email="b@b.co", list_ids=LISTS)
    add(email="c@c.co")
    api.post(EXPORTS, json={"list_ids": LISTS, "segment_ids": ["any"]})
    double.clock.advance(EXPORT_DELAY)
    (export,) = double.account.exports.all()
    assert rows_of(export.files[0].content) == [on_one, on_both]


def test_a_list_and_a_segment_are_counted_and_exported_for_themselves(
    double: SendGridDouble, api: ApiSession
) -> None:
    double.settings.change(segment_sample_age_seconds=3600)
    double.account.add_contact(email="a@a.co", list_ids=[SOME_ID])
    in_segment = double.account.add_contact(email="b@b.co", segment_ids=[LISTS[1]])
    double.account.delete_contacts([double.account.add_contact(email="c@c.co", list_ids=[LISTS[1]])])
    double.clock.advance(60)

    def count_of(list_id: str) -> Any:
        return api.get(f"/v3/marketing/lists/{list_id}/contacts/count").json()

    assert [count_of(list_id)["contact_count"] for list_id in (SOME_ID, LISTS[1])] == [1, 0]
    segment = api.get(f"/v3/marketing/segments/2.0/{LISTS[1]}").json()
    sampled_at = datetime.fromisoformat(segment["sample_updated_at"]).timestamp()
    assert (segment["contacts_count"], sampled_at) == (1, int(double.clock() - 3600))
    export = double.account.exports.start(segment_ids=[LISTS[1]])
    double.clock.advance(60)
    ready = double.account.exports.get(export.id)
    assert ready is not None
    assert rows_of(ready.files[0].content) == [in_segment]


def test_exports_are_listed_as_documented(double: SendGridDouble, api: ApiSession) -> None:
    bodies: list[Any] = [None, {"list_ids": LISTS}, {"segment_ids": ["one"]}]
    ids = [api.post(EXPORTS, json=body).json()["id"] for body in bodies]
    double.clock.advance(EXPORT_DELAY)
    pending = api.post(EXPORTS).json()["id"]
    response = api.get(EXPORTS).json()
    listed = response["result"]
    assert response["_metadata"] == {"self": f"https://api.sendgrid.com{EXPORTS}"}
    assert [(export["id"], export["status"], export["export_type"]) for export in listed] == [
        (ids[0], "ready", "contacts_export"),
        (ids[1], "ready", "list_export"),
        (ids[2], "ready", "segment_export"),
        (pending, "pending", "contacts_export"),
    ]
    assert [list_["ID"] for list_ in listed[1]["lists"]] == LISTS
    assert [segment["ID"] for segment in listed[2]["segments"]] == ["one"]
    assert listed[0]["urls"] == api.get(f"{EXPORTS}/{ids[0]}").json()["urls"]
    assert "urls" not in listed[3]


def test_exports_are_listed_until_their_links_expire(double: SendGridDouble, api: ApiSession) -> None:
    export = double.account.exports.start()
    double.clock.advance(double.settings.export_lifetime_seconds - 1)
    assert [listed["id"] for listed in api.get(EXPORTS).json()["result"]] == [export.id]
    double.clock.advance(1)
    assert api.get(EXPORTS).json()["result"] == []
    assert api.get(f"{EXPORTS}/{export.id}").json()["status"] == "ready"


def test_the_maximum_file_size_is_in_megabytes(double: SendGridDouble, api: ApiSession) -> None:
    for number in range(3):
        double.account.add_contact(external_id=str(number) * 400_000)
    api.post(EXPORTS, json={"max_file_size": 1})
    double.clock.advance(EXPORT_DELAY)
    (export,) = double.account.exports.all()
    assert len(export.files) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], None),
        ("csv", None),
        ({"file_type": "CSV"}, "file_type"),
        ({"file_type": None}, "file_type"),
        ({"file_type": ["csv"]}, "file_type"),
        ({"max_file_size": "100"}, "max_file_size"),
        ({"max_file_size": 1.5}, "max_file_size"),
        ({"max_file_size": True}, "max_file_size"),
        ({"max_file_size": 0}, "max_file_size"),
        ({"list_ids": SOME_ID}, "list_ids"),
        ({"list_ids": ["1"]}, "list_ids"),
        ({"list_ids": [1]}, "list_ids"),
        ({"segment_ids": [1]}, "segment_ids"),
        ({"notifications": True}, "notifications"),
        ({"notifications": {"email": "yes"}}, "notifications"),
    ],
)
def test_invalid_body_is_refused(
    double: SendGridDouble, api: ApiSession, body: Any, field: str | None
) -> None:
    assert refusal(api.post(EXPORTS, json=body)) == (400, field)
    assert api.post(EXPORTS, data="file_type=csv").status_code == 400
    assert double.account.exports.all() == []


def test_a_subuser_exports_its_own_contacts(double: SendGridDouble, api: ApiSession) -> None:
    double.add_subuser("child").add_contact(email="child@example.com")
    as_child = {"on-behalf-of": "child"}
    export_id = api.post(EXPORTS, headers=as_child).json()["id"]
    double.clock.advance(EXPORT_DELAY)
    assert api.get(f"{EXPORTS}/{export_id}").status_code == 404
    status = api.get(f"{EXPORTS}/{export_id}", headers=as_child).json()
    assert status["contact_count"] == 1
    assert requests.get(status["urls"][0], timeout=30).status_code == 200


def test_links_may_come_in_another_order_each_time(double: SendGridDouble, api: ApiSession) -> None:
    double.settings.change(export_part_contacts=1, export_links_rotate=True)
    add_contacts(double.account, 3)
    export = ended(double, api)
    first, second = export["urls"], api.get(f"{EXPORTS}/{export['id']}").json()["urls"]
    listed = api.get(EXPORTS).json()["result"][0]["urls"]
    assert second == [*first[1:], first[0]]
    assert listed == [*second[1:], second[0]]
