import uuid
from typing import Any

import pytest

from local.sendgrid_double import SendGridDouble
from local.sendgrid_double.jobs import ForcedEnding
from tests.sendgrid_double.conftest import JOB_DELAY
from tests.sendgrid_double.support import API_KEY, CONTACTS, ApiSession, add_contacts, message_of, refusal

NEITHER_NOR_BOTH = "either 'ids' OR 'delete_all_contacts' should be supplied as query param"
SOME_ID = "e7af8e1a-9589-49de-9d43-17287789f769"


def test_contacts_are_deleted_some_time_after_the_202(double: SendGridDouble, api: ApiSession) -> None:
    gone, kept, gone_too = add_contacts(double.account, 3)
    response = api.delete(CONTACTS, params={"ids": f"{gone},{gone_too}"})
    assert (response.status_code, list(response.json())) == (202, ["job_id"])
    double.clock.advance(JOB_DELAY - 0.1)
    assert len(double.account) == 3
    double.clock.advance(0.1)
    assert double.account.contact_ids() == {kept}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "ids=",
        "ids[]=" + SOME_ID,
        f"ids={SOME_ID}&ids={SOME_ID}",
        "delete_all_contacts=True",
        "delete_all_contacts=",
        "delete_all_contacts=false",
        "delete_all_contacts=true&delete_all_contacts=true",
        "delete_all_contacts=true&ids=",
        f"delete_all_contacts=true&ids={SOME_ID}",
        f"delete_all_contacts=false&ids={SOME_ID}",
    ],
)
def test_deletion_names_ids_or_everything(double: SendGridDouble, api: ApiSession, query: str) -> None:
    response = api.delete(f"{CONTACTS}?{query}")
    assert (response.status_code, message_of(response)) == (400, NEITHER_NOR_BOTH)
    assert double.account.jobs() == []


@pytest.mark.parametrize("bad", ["1234", f"{SOME_ID},", f"{SOME_ID}, {SOME_ID}", f"[{SOME_ID}]"])
def test_invalid_id_refuses_the_whole_deletion(double: SendGridDouble, api: ApiSession, bad: str) -> None:
    known = double.account.add_contact(external_id="1")
    assert refusal(api.delete(CONTACTS, params={"ids": f"{known},{bad}"})) == (400, "ids")
    assert double.account.jobs() == []


def test_poison_id_refuses_the_whole_deletion(double: SendGridDouble, api: ApiSession) -> None:
    double.poison_ids.add(SOME_ID)
    assert api.delete(CONTACTS, params={"ids": f"{uuid.uuid4()},{SOME_ID}"}).status_code == 400
    assert api.delete(CONTACTS, params={"ids": str(uuid.uuid4())}).status_code == 202


def test_identifier_is_removed(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(email="a@example.com", anonymous_id="anon-1")
    body = {"identifier_type": "ANONYMOUSID", "identifier_value": "anon-1"}
    assert api.delete(f"{CONTACTS}/{contact_id}/identifiers", json=body).status_code == 202
    double.clock.advance(JOB_DELAY)
    assert api.get(f"{CONTACTS}/{contact_id}").json().get("anonymous_id") is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, None),
        (["EMAIL"], None),
        ({"identifier_value": "a@example.com"}, "identifier_type"),
        ({"identifier_type": "email", "identifier_value": "a@example.com"}, "identifier_type"),
        ({"identifier_type": ["EMAIL"], "identifier_value": "a@example.com"}, "identifier_type"),
        ({"identifier_type": "EMAIL"}, "identifier_value"),
        ({"identifier_type": "EMAIL", "identifier_value": ""}, "identifier_value"),
        ({"identifier_type": "EMAIL", "identifier_value": 1}, "identifier_value"),
    ],
)
def test_invalid_removal_is_refused(
    double: SendGridDouble, api: ApiSession, body: Any, field: str | None
) -> None:
    contact_id = double.account.add_contact(email="a@example.com")
    assert refusal(api.delete(f"{CONTACTS}/{contact_id}/identifiers", json=body)) == (400, field)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/{SOME_ID}", None),
        ("GET", f"/imports/{SOME_ID}", None),
        ("DELETE", f"/{SOME_ID}/identifiers", {"identifier_type": "EMAIL", "identifier_value": "a"}),
    ],
)
def test_what_does_not_exist_is_a_404(api: ApiSession, method: str, path: str, body: Any) -> None:
    response = api.request(method, CONTACTS + path, json=body)
    assert (response.status_code, "not found" in message_of(response)) == (404, True)


def test_contact_shows_blanks_as_observed(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(external_id="x-1")
    contact = api.get(f"{CONTACTS}/{contact_id}").json()
    blanks = dict.fromkeys(("email", "first_name"), "")
    times = {"created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00.000000000Z"}
    observed: dict[str, Any] = {
        "id": contact_id,
        "external_id": "x-1",
        "alternate_emails": None,
        "list_ids": [],
    }
    assert contact == contact | observed | blanks | times
    assert "phone_number_id" not in contact


def test_batch_look_up_finds_what_exists(double: SendGridDouble, api: ApiSession) -> None:
    ids = add_contacts(double.account, 99)
    result = api.post(f"{CONTACTS}/batch", json={"ids": [*ids, SOME_ID]}).json()["result"]
    assert [contact["id"] for contact in result] == ids


@pytest.mark.parametrize("body", [None, [], {}, {"ids": SOME_ID}, {"ids": [1]}, {"ids": [SOME_ID] * 101}])
def test_batch_look_up_takes_up_to_100_ids(api: ApiSession, body: Any) -> None:
    assert api.post(f"{CONTACTS}/batch", json=body).status_code == 400


def test_contacts_are_counted_as_observed(double: SendGridDouble, api: ApiSession) -> None:
    double.account.add_contact(email="a@example.com", external_id="x-1")
    double.account.add_contact(phone_number_id="+15555550100")
    assert api.get(f"{CONTACTS}/count").json() == {
        "contact_count": 2,
        "billable_count": 2,
        "identifier_counts": {"AID": 0, "EID": 1, "EXTID": 1, "PHNID": 1},
    }


def test_pending_job_shows_only_what_was_requested(double: SendGridDouble, api: ApiSession) -> None:
    job = double.account.delete_contacts([SOME_ID])
    assert api.job(job.id) == {
        "id": job.id,
        "status": "pending",
        "job_type": "delete",
        "results": {"requested_count": 1},
        "started_at": "2027-01-15T08:00:00Z",
    }


@pytest.mark.parametrize(
    ("ending", "counts", "left"),
    [
        ("errored", {"deleted_count": 2, "errored_count": 2}, 2),
        ("failed", {"deleted_count": 0, "errored_count": 4}, 4),
        ("completed", {"deleted_count": 2}, 2),
    ],
)
def test_job_that_is_forced_to_an_ending_spares_contacts(
    double: SendGridDouble, api: ApiSession, ending: ForcedEnding, counts: dict[str, int], left: int
) -> None:
    double.account.force_next_jobs(ending)
    job = double.account.delete_contacts(add_contacts(double.account, 4))
    double.clock.advance(JOB_DELAY)
    body = api.job(job.id)
    errors_url = body["results"].pop("errors_url", "")
    assert (body["status"], body["finished_at"]) == (ending, "2027-01-15T08:00:30Z")
    assert body["results"] == {"requested_count": 4} | counts
    assert errors_url.endswith(job.id) is ("errored_count" in counts)
    assert len(double.account) == left


def test_counts_can_come_before_the_status(double: SendGridDouble, api: ApiSession) -> None:
    double.settings.counts_early_seconds = 10
    job = double.account.delete_contacts([double.account.add_contact(external_id="1")])
    double.clock.advance(JOB_DELAY - 10)
    body = api.job(job.id)
    assert (body["status"], body["results"]) == ("pending", {"requested_count": 1, "deleted_count": 1})
    assert "finished_at" not in body
    assert len(double.account) == 0
    double.clock.advance(9.9)
    assert api.job(job.id) == body
    double.clock.advance(0.1)
    body = api.job(job.id)
    assert (body["status"], body["finished_at"]) == ("completed", "2027-01-15T08:00:30Z")


def test_job_that_was_just_accepted_can_be_hidden(double: SendGridDouble, api: ApiSession) -> None:
    double.settings.job_hidden_seconds = 5
    job = double.account.delete_contacts([SOME_ID])
    double.clock.advance(4.9)
    assert api.get(f"{CONTACTS}/imports/{job.id}").status_code == 404
    double.clock.advance(0.1)
    assert api.job(job.id)["status"] == "pending"


def test_job_may_be_forgotten(double: SendGridDouble, api: ApiSession) -> None:
    double.settings.change(job_lifetime_seconds=3600)
    job = double.account.delete_contacts([])
    double.clock.advance(3599)
    assert api.get(f"{CONTACTS}/imports/{job.id}").status_code == 200
    double.clock.advance(1)
    assert api.get(f"{CONTACTS}/imports/{job.id}").status_code == 404


def test_job_can_be_of_any_type(double: SendGridDouble, api: ApiSession) -> None:
    double.settings.job_type = "delete_contacts"
    job = double.account.delete_contacts([SOME_ID])
    assert api.job(job.id)["job_type"] == "delete_contacts"


@pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer", "Bearer SG.other"])
def test_without_an_accepted_key_there_is_only_a_401(api: ApiSession, authorization: str | None) -> None:
    response = api.get(f"{CONTACTS}/count", headers={"Authorization": authorization})
    assert (response.status_code, "errors" in response.json()) == (401, True)


@pytest.mark.parametrize(("keys", "status"), [({"SG.new"}, 401), ({"SG.new", API_KEY}, 200), (None, 200)])
def test_keys_can_change(double: SendGridDouble, api: ApiSession, keys: set[str] | None, status: int) -> None:
    double.api_keys = keys
    assert api.get(f"{CONTACTS}/count").status_code == status


def test_access_can_be_forbidden(double: SendGridDouble, api: ApiSession) -> None:
    double.forbidden = True
    response = api.get(f"{CONTACTS}/count")
    assert response.status_code == 403
    assert response.json() == {"errors": [{"field": None, "message": "access forbidden"}]}


@pytest.mark.parametrize(
    ("accept", "status"), [(None, 406), ("text/html", 406), ("application/json", 200), ("*/*", 200)]
)
def test_accept_header_asks_for_json(api: ApiSession, accept: str | None, status: int) -> None:
    assert api.get(f"{CONTACTS}/count", headers={"Accept": accept}).status_code == status


def test_subuser_has_an_account_of_its_own(double: SendGridDouble, api: ApiSession) -> None:
    double.account.add_contact(email="parent@example.com")
    contact_id = double.add_subuser("child").add_contact(email="child@example.com")
    path = f"{CONTACTS}/{contact_id}"
    statuses = {
        user: api.get(path, headers={"on-behalf-of": user}).status_code for user in ("child", "nobody")
    }
    assert (api.get(path).status_code, statuses) == (404, {"child": 200, "nobody": 403})


def test_without_subusers_on_behalf_of_is_only_recorded(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(email="a@example.com")
    assert api.get(f"{CONTACTS}/{contact_id}", headers={"on-behalf-of": "child"}).status_code == 200
    assert double.requests[0].headers["on-behalf-of"] == "child"


def test_name_of_on_behalf_of_may_be_case_sensitive(double: SendGridDouble, api: ApiSession) -> None:
    double.add_subuser("child").add_contact(email="child@example.com")
    double.settings.change(on_behalf_of_is_case_sensitive=True)
    counts = [
        api.get(f"{CONTACTS}/count", headers={name: "child"}).json()["contact_count"]
        for name in ("On-Behalf-Of", "on-behalf-of")
    ]
    assert counts == [1, 0]


@pytest.mark.parametrize("status", [404, 400])
def test_unknown_id_may_refuse_a_whole_deletion(double: SendGridDouble, api: ApiSession, status: int) -> None:
    double.settings.change(unknown_id_status=status)
    known = double.account.add_contact(external_id="x-1")
    response = api.delete(CONTACTS, params={"ids": f"{known},{SOME_ID}"})
    assert (response.status_code, double.account.jobs()) == (status, [])
    assert api.delete(CONTACTS, params={"ids": known.upper()}).status_code == 202


def test_responses_lag_behind_writes(double: SendGridDouble, api: ApiSession) -> None:
    contact_id = double.account.add_contact(email="a@example.com")
    double.settings.change(read_lag_seconds=10)
    double.account.delete_contacts([contact_id])

    def found() -> list[object]:
        return [
            api.get(f"{CONTACTS}/{contact_id}").status_code,
            len(api.post(f"{CONTACTS}/batch", json={"ids": [contact_id]}).json()["result"]),
            api.get(f"{CONTACTS}/count").json()["contact_count"],
            api.get(CONTACTS).json()["contact_count"],
            api.post(f"{CONTACTS}/search/emails", json={"emails": ["a@example.com"]}).status_code,
        ]

    double.clock.advance(JOB_DELAY + 9)
    assert found() == [200, 1, 1, 1, 200]
    double.clock.advance(1)
    assert found() == [404, 0, 0, 0, 404]
