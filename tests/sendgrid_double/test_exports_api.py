import csv
import gzip
import io
from typing import Any

import pytest
import requests

from local.sendgrid_double import ExportFlaw, SendGridDouble
from tests.sendgrid_double.conftest import EXPORT_DELAY
from tests.sendgrid_double.support import CONTACTS, ApiSession
from tests.support.clock import FakeClock

EXPORTS = f"{CONTACTS}/exports"
SOME_ID = "e7af8e1a-9589-49de-9d43-17287789f769"
LISTS = [SOME_ID, "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"]


def test_contacts_are_exported_some_time_after_the_202(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    ids = [double.account.add_contact(external_id=str(number)) for number in range(3)]
    double.settings.export_part_contacts = 2
    response = api.post(EXPORTS, json={"file_type": "csv", "max_file_size": 100})
    assert (response.status_code, set(response.json())) == (202, {"_metadata", "id"})
    status_path = f"{EXPORTS}/{response.json()['id']}"
    assert api.get(status_path).json()["status"] == "pending"
    clock.advance(EXPORT_DELAY)
    status = api.get(status_path).json()
    assert (status["status"], status["contact_count"]) == ("ready", 3)
    downloads = [requests.get(url, timeout=30) for url in status["urls"]]
    texts = [gzip.decompress(download.content).decode() for download in downloads]
    assert [
        row["CONTACT_ID"] for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))
    ] == ids


def test_a_pending_export_tells_little(double: SendGridDouble, api: ApiSession, clock: FakeClock) -> None:
    export = double.account.exports.start()
    assert api.get(f"{EXPORTS}/{export.id}").json() == {
        "id": export.id,
        "status": "pending",
        "created_at": "2027-01-15T08:00:00Z",
        "updated_at": "2027-01-15T08:00:00Z",
        "expires_at": "2027-01-15T20:00:00Z",
        "_metadata": {"self": f"https://api.sendgrid.com{EXPORTS}/{export.id}"},
    }


def test_a_ready_export_tells_when_it_was_done(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    export = double.account.exports.start()
    clock.advance(EXPORT_DELAY)
    body = api.get(f"{EXPORTS}/{export.id}").json()
    assert (body["completed_at"], body["updated_at"]) == ("2027-01-15T08:01:00Z", "2027-01-15T08:01:00Z")
    assert (len(body["urls"]), "message" in body) == (1, False)


def test_a_failed_export_says_why(double: SendGridDouble, api: ApiSession, clock: FakeClock) -> None:
    double.account.exports.spoil_next(ExportFlaw(status="failure", message="out of disk"))
    export = double.account.exports.start()
    clock.advance(EXPORT_DELAY)
    body = api.get(f"{EXPORTS}/{export.id}").json()
    assert (body["status"], body["message"]) == ("failure", "out of disk")
    assert not {"urls", "contact_count"} & set(body)


def test_an_export_may_count_nothing(double: SendGridDouble, api: ApiSession, clock: FakeClock) -> None:
    double.account.exports.spoil_next(ExportFlaw(counted="nothing"))
    export = double.account.exports.start()
    clock.advance(EXPORT_DELAY)
    body = api.get(f"{EXPORTS}/{export.id}").json()
    assert (body["status"], "contact_count" in body) == ("ready", False)


@pytest.mark.parametrize("host", ["sendgrid.example.com", "127.0.0.2:8025"])
def test_links_lead_to_the_host_that_was_asked(
    double: SendGridDouble, api: ApiSession, clock: FakeClock, host: str
) -> None:
    export = double.account.exports.start()
    clock.advance(EXPORT_DELAY)
    (url,) = api.get(f"{EXPORTS}/{export.id}", headers={"Host": host}).json()["urls"]
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
def test_an_export_is_of_everything_unless_lists_or_segments_are_named(
    double: SendGridDouble, api: ApiSession, clock: FakeClock, body: Any, files: str, exported: int
) -> None:
    for number in range(2):
        double.account.add_contact(external_id=str(number))
    assert api.post(EXPORTS, json=body).status_code == 202
    clock.advance(EXPORT_DELAY)
    (export,) = double.account.exports.all()
    assert (export.file_type, export.contact_count) == (files, exported)


def test_export_of_lists_has_the_contacts_on_one_of_them(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    add = double.account.add_contact
    on_one, on_both, _ = (
        add(email="a@a.co", list_ids=[SOME_ID]),
        add(email="b@b.co", list_ids=LISTS),
        add(email="c@c.co"),
    )
    api.post(EXPORTS, json={"list_ids": LISTS, "segment_ids": ["any"]})
    clock.advance(EXPORT_DELAY)
    (export,) = double.account.exports.all()
    text = gzip.decompress(export.files[0].content).decode()
    assert [row["CONTACT_ID"] for row in csv.DictReader(io.StringIO(text, newline=""))] == [on_one, on_both]


def test_exports_are_listed_as_documented(double: SendGridDouble, api: ApiSession, clock: FakeClock) -> None:
    bodies: list[Any] = [None, {"list_ids": LISTS}, {"segment_ids": ["one"]}]
    ids = [api.post(EXPORTS, json=body).json()["id"] for body in bodies]
    clock.advance(EXPORT_DELAY)
    pending = api.post(EXPORTS).json()["id"]
    answer = api.get(EXPORTS).json()
    listed = answer["result"]
    assert answer["_metadata"] == {"self": f"https://api.sendgrid.com{EXPORTS}"}
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


def test_exports_are_listed_until_their_links_expire(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    export = double.account.exports.start()
    clock.advance(double.settings.export_lifetime_seconds - 1)
    assert [listed["id"] for listed in api.get(EXPORTS).json()["result"]] == [export.id]
    clock.advance(1)
    assert api.get(EXPORTS).json()["result"] == []
    assert api.get(f"{EXPORTS}/{export.id}").json()["status"] == "ready"


def test_the_maximum_file_size_is_in_megabytes(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    for number in range(3):
        double.account.add_contact(external_id=str(number) * 400_000)
    api.post(EXPORTS, json={"max_file_size": 1})
    clock.advance(EXPORT_DELAY)
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
def test_an_export_that_is_asked_for_wrongly_is_refused(
    double: SendGridDouble, api: ApiSession, body: Any, field: str | None
) -> None:
    response = api.post(EXPORTS, json=body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
    assert double.account.exports.all() == []


def test_a_body_that_is_no_json_is_refused(api: ApiSession) -> None:
    assert api.post(EXPORTS, data="file_type=csv").status_code == 400


def test_an_unknown_export_is_a_404(api: ApiSession) -> None:
    assert api.get(f"{EXPORTS}/{SOME_ID}").status_code == 404


def test_a_subuser_exports_its_own_contacts(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    double.add_subuser("child").add_contact(email="child@example.com")
    as_child = {"on-behalf-of": "child"}
    export_id = api.post(EXPORTS, headers=as_child).json()["id"]
    clock.advance(EXPORT_DELAY)
    assert api.get(f"{EXPORTS}/{export_id}").status_code == 404
    status = api.get(f"{EXPORTS}/{export_id}", headers=as_child).json()
    assert status["contact_count"] == 1
    assert requests.get(status["urls"][0], timeout=30).status_code == 200


def test_links_may_come_in_another_order_each_time(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    double.settings.change(export_part_contacts=1, export_links_rotate=True)
    for number in range(3):
        double.account.add_contact(external_id=str(number))
    export = double.account.exports.start()
    clock.advance(EXPORT_DELAY)
    first, second, listed = (
        api.get(f"{EXPORTS}/{export.id}").json()["urls"],
        api.get(f"{EXPORTS}/{export.id}").json()["urls"],
        api.get(EXPORTS).json()["result"][0]["urls"],
    )
    assert second == [*first[1:], first[0]]
    assert listed == [*second[1:], second[0]]


def test_links_of_an_export_that_failed_are_in_no_order(
    double: SendGridDouble, api: ApiSession, clock: FakeClock
) -> None:
    double.settings.change(export_links_rotate=True)
    double.account.exports.spoil_next(ExportFlaw(status="failure"))
    export = double.account.exports.start()
    clock.advance(EXPORT_DELAY)
    assert "urls" not in api.get(f"{EXPORTS}/{export.id}").json()
