import uuid
from typing import Any

import pytest
import requests

from local.sendgrid_double import Fault, RateLimit, SendGridDouble
from tests.sendgrid_double.conftest import EXPORT_DELAY, JOB_DELAY
from tests.sendgrid_double.support import API_KEY, CONTACTS, ApiSession


def test_contacts_are_added_and_listed(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = str(uuid.uuid4())
    contacts = [{"email": "a@example.com", "contact_id": contact_id}, {"external_id": "x-1"}]
    response = api.post("/_double/contacts", json=contacts)
    assert (response.status_code, response.json()["ids"][0]) == (201, contact_id)
    assert set(response.json()["ids"]) == double.account.contact_ids()
    assert [contact["external_id"] for contact in api.get("/_double/contacts").json()] == ["", "x-1"]


def test_no_key_is_needed_and_nothing_is_recorded(double: SendGridDouble, base_url: str) -> None:
    kinds = ("contacts", "jobs", "exports", "requests", "faults")
    assert requests.get(f"{base_url}/_double", timeout=30).json() == dict.fromkeys(kinds, 0)
    assert double.requests == []


def test_faults_are_added_listed_and_forgotten(double: SendGridDouble, api: ApiSession) -> None:
    faults = '{"method": "DELETE", "status": 503, "times": 2}', '{"drop": true}'
    assert [api.post("/_double/faults", data=fault).status_code for fault in faults] == [204, 204]
    assert double.faults.pending() == [Fault(method="DELETE", status=503, times=2), Fault(drop=True)]
    assert [fault["drop"] for fault in api.get("/_double/faults").json()] == [False, True]
    assert api.delete("/_double/faults").status_code == 204
    assert double.faults.pending() == []


def test_the_rate_limit_is_set_and_lifted(api: ApiSession) -> None:
    api.put("/_double/rate-limit", json={"limit": 5, "window_seconds": 60, "reset": "seconds"})
    assert api.get(f"{CONTACTS}/count").headers["X-RateLimit-Remaining"] == "4"
    api.put("/_double/rate-limit", data="null")
    assert "X-RateLimit-Remaining" not in api.get(f"{CONTACTS}/count").headers


def test_requests_are_shown_without_the_key(api: ApiSession) -> None:
    contact_id = str(uuid.uuid4())
    api.delete(CONTACTS, params={"ids": contact_id})
    response = api.get("/_double/requests")
    (received,) = response.json()
    assert (received["method"], received["status"], received["ids"]) == ("DELETE", 202, [contact_id])
    assert (received["ids_count"], received["target_length"]) == (1, len(received["target"]))
    assert API_KEY not in response.text


def test_jobs_are_shown_with_their_errors_and_endings_chosen(double: SendGridDouble, api: ApiSession) -> None:
    api.post("/_double/endings", json={"ending": "failed"})
    contact_id = double.account.add_contact(email="a@example.com")
    job_id = api.delete(CONTACTS, params={"ids": contact_id}).json()["job_id"]
    double.clock.advance(JOB_DELAY)
    (job,) = api.get("/_double/jobs").json()
    assert (job["id"], job["status"], job["contact_ids"]) == (job_id, "failed", [contact_id])
    assert api.get(f"/_double/jobs/{job_id}").json() == job
    errors = requests.get(api.job(job_id)["results"]["errors_url"], timeout=30)
    assert errors.json()["contact_ids"] == [contact_id]


def test_exports_are_shown_without_files_and_flaws_chosen(double: SendGridDouble, api: ApiSession) -> None:
    double.account.add_contact(email="a@example.com")
    assert api.post("/_double/flaws", json={"missing": 1, "counted": "written"}).status_code == 204
    export = double.account.exports.start()
    double.clock.advance(EXPORT_DELAY)
    (shown,) = api.get("/_double/exports").json()
    assert (shown["id"], shown["status"], shown["files"]) == (export.id, "ready", ["0.csv.gz"])
    assert shown["contact_count"] == 0


def test_settings_are_changed(double: SendGridDouble, api: ApiSession) -> None:
    response = api.patch("/_double/settings", json={"job_delay": 5, "export_part_contacts": 10})
    assert response.status_code == 204
    assert (double.settings.job_delay, double.settings.export_part_contacts) == (5, 10)
    assert double.settings.export_delay == EXPORT_DELAY


def test_subusers_are_added_listed_and_chosen_as_in_the_api(double: SendGridDouble, api: ApiSession) -> None:
    assert api.get("/_double/subusers").json() == []
    assert api.put("/_double/subusers/child").status_code == 204
    api.post("/_double/contacts", json=[{"email": "a@example.com"}], headers={"on-behalf-of": "child"})
    assert api.put("/_double/subusers/child").status_code == 204
    assert api.get("/_double/subusers").json() == ["child"]
    assert (len(double.subusers["child"]), len(double.account)) == (1, 0)
    assert api.get("/_double", headers={"on-behalf-of": "nobody"}).status_code == 404


def test_advanced_clock_lets_happen_what_is_due(double: SendGridDouble, api: ApiSession) -> None:
    double.add_subuser("child")
    for headers in ({}, {"on-behalf-of": "child"}):
        api.put(CONTACTS, json={"contacts": [{"email": "a@example.com"}]}, headers=headers)
    before = api.get("/_double/clock").json()
    assert before == {"now": double.clock()}
    advanced = api.post("/_double/clock/advance", json={"seconds": JOB_DELAY}).json()
    assert advanced == {"now": double.clock()} == {"now": before["now"] + JOB_DELAY}
    assert [len(account) for account in double.accounts()] == [1, 1]
    (job, *_) = api.get("/_double/jobs").json()
    assert job["finished_at"] == before["now"] + JOB_DELAY


def test_reset_forgets_everything_but_the_settings(double: SendGridDouble, api: ApiSession) -> None:
    double.rate_limiter.configure(RateLimit(limit=1, window_seconds=60))
    double.add_subuser("child").add_contact(email="child@example.com")
    double.account.add_contact(email="a@example.com")
    double.faults.add(Fault(status=500, times=2))
    api.delete(CONTACTS, params={"delete_all_contacts": "true"})
    double.account.exports.start()
    assert api.post("/_double/reset").status_code == 204
    assert set(api.get("/_double").json().values()) == {0}
    assert len(double.subusers["child"]) == 0
    assert api.get(f"{CONTACTS}/count").headers["X-RateLimit-Remaining"] == "0"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/contacts", [{}]),
        ("POST", "/contacts", [{"mail": "a@example.com"}]),
        ("POST", "/endings", {"ending": "forgotten"}),
        ("POST", "/flaws", {"status": "failed"}),
        ("POST", "/flaws", {"flaw": "missing"}),
        ("PATCH", "/settings", {"job_delay": -1}),
        ("PATCH", "/settings", {"job_delay": "5"}),
        ("PATCH", "/settings", {"delay": 5}),
        ("POST", "/faults", {"statuses": 500}),
        ("POST", "/faults", {"times": 0}),
        ("PATCH", "/settings", {"unknown_id_status": 200}),
        ("PUT", "/rate-limit", {"limit": 5}),
        ("PUT", "/rate-limit", {"limit": "5", "window_seconds": 60}),
        ("POST", "/faults", None),
        ("POST", "/clock/advance", {"seconds": -1}),
        ("POST", "/clock/advance", {"seconds": "5"}),
        ("POST", "/clock/advance", {"minutes": 5}),
    ],
)
def test_invalid_call_is_a_400_that_says_why(api: ApiSession, method: str, path: str, body: Any) -> None:
    response = api.request(method, f"/_double{path}", json=body)
    assert (response.status_code, bool(response.json()["error"])) == (400, True)
