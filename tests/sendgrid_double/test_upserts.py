"""What an upsert makes of an account's contacts."""

from typing import Any

import pytest

from local.sendgrid_double import Account, Contact, Job
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS
from local.sendgrid_double.jobs import ForcedEnding
from local.sendgrid_double.upserts import ContactUpsert
from tests.sendgrid_double.conftest import JOB_DELAY
from tests.sendgrid_double.support import NOW
from tests.support.clock import FakeClock

LIST, OTHER_LIST = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b", "00000000-10af-42d7-b07e-d1ab501a805b"


def contact(
    *, details: Any = None, alternates: Any = None, custom: Any = None, **fields: str
) -> ContactUpsert:
    identifiers = {kind: fields[name] for kind, name in IDENTIFIER_FIELDS.items() if name in fields}
    return ContactUpsert(identifiers, details or {}, alternates, custom or {})


def ended(account: Account, clock: FakeClock, *upserts: ContactUpsert, lists: list[str] | None = None) -> Job:
    job = account.upsert_contacts(upserts, lists or [])
    clock.advance(JOB_DELAY)
    found = account.job(job.id)
    assert found is not None
    return found


def counts(job: Job) -> tuple[str, int, int, int]:
    return job.status, job.created_count, job.updated_count, job.errored_count


def only(account: Account) -> Contact:
    (contact,) = account.contacts()
    return contact


def test_contacts_are_created_when_the_delay_is_over(account: Account, clock: FakeClock) -> None:
    job = account.upsert_contacts([contact(email="a@example.com"), contact(external_id="x-1")], [LIST])
    clock.advance(JOB_DELAY - 0.1)
    assert (len(account), account.job(job.id)) == (0, job)
    clock.advance(0.1)
    ended = account.job(job.id)
    assert ended is not None
    assert (counts(ended), ended.requested_count) == (("completed", 2, 0, 0), 2)
    assert ended.contact_ids == tuple(each.id for each in account.contacts())
    created = [(each.email, each.external_id, each.list_ids) for each in account.contacts()]
    assert created == [("a@example.com", "", (LIST,)), ("", "x-1", (LIST,))]
    assert account.count().billable == 2


def test_fields_that_are_left_out_stay_as_they_were(account: Account, clock: FakeClock) -> None:
    first = contact(
        email="a@example.com",
        details={"first_name": "Ada", "city": "Hull"},
        alternates=("b@example.com",),
        custom={"w1": "tea", "w2": 2},
    )
    ended(account, clock, first, lists=[LIST])
    second = contact(email="a@example.com", details={"first_name": ""}, custom={"w1": "coffee"})
    assert counts(ended(account, clock, second, lists=[OTHER_LIST, LIST])) == ("completed", 0, 1, 0)
    merged = only(account)
    assert merged.details == {"first_name": "", "city": "Hull"}
    assert merged.custom_fields == {"w1": "coffee", "w2": 2}
    assert (merged.alternate_emails, merged.list_ids) == (("b@example.com",), (LIST, OTHER_LIST))
    assert (merged.created_at, merged.updated_at) == (NOW + JOB_DELAY, NOW + 2 * JOB_DELAY)
    assert account.count().billable == 1


def test_alternate_addresses_are_replaced(account: Account, clock: FakeClock) -> None:
    account.add_contact(email="a@example.com", alternate_emails=["B@example.com"])
    assert only(account).alternate_emails == ("b@example.com",)
    ended(account, clock, contact(email="a@example.com", alternates=()))
    assert only(account).alternate_emails == ()


def test_new_identifier_joins_those_that_identify_the_contact(account: Account, clock: FakeClock) -> None:
    account.add_contact(external_id="x-1")
    ended(account, clock, contact(external_id="x-1", email="a@example.com"))
    assert (only(account).external_id, only(account).email) == ("x-1", "a@example.com")


@pytest.mark.parametrize(
    "incomplete",
    [{"email": "a@example.com"}, {"email": "a@example.com", "external_id": "x-2"}, {"external_id": "x-1"}],
)
def test_update_needs_all_identifiers(account: Account, clock: FakeClock, incomplete: dict[str, str]) -> None:
    account.add_contact(email="a@example.com", external_id="x-1")
    before = only(account)
    assert counts(ended(account, clock, contact(**incomplete))) == ("failed", 0, 0, 1)
    assert only(account) == before


def test_identifiers_of_two_contacts_update_neither(account: Account, clock: FakeClock) -> None:
    account.add_contact(email="a@example.com")
    account.add_contact(external_id="x-1")
    before = account.contacts()
    job = ended(account, clock, contact(email="a@example.com", external_id="x-1"), contact(anonymous_id="n"))
    assert counts(job) == ("errored", 1, 0, 1)
    assert account.contacts()[:2] == before


def test_contact_that_is_given_twice_is_created_and_updated(account: Account, clock: FakeClock) -> None:
    job = ended(account, clock, contact(email="a@example.com"), contact(email="a@example.com"))
    assert counts(job) == ("completed", 1, 1, 0)
    assert job.contact_ids == (only(account).id,)


def test_oldest_of_contacts_with_the_identifier_is_updated(account: Account, clock: FakeClock) -> None:
    oldest, _ = account.add_contact(external_id="x-1"), account.add_contact(external_id="x-1")
    assert ended(account, clock, contact(external_id="x-1")).contact_ids == (oldest,)


def test_alternate_address_identifies_no_contact(account: Account, clock: FakeClock) -> None:
    account.add_contact(email="a@example.com", alternate_emails=["b@example.com"])
    assert counts(ended(account, clock, contact(email="b@example.com"))) == ("completed", 1, 0, 0)


@pytest.mark.parametrize(
    ("ending", "shown", "contacts"),
    [
        ("completed", ("completed", 2, 0, 0), 2),
        ("errored", ("errored", 2, 0, 2), 2),
        ("failed", ("failed", 0, 0, 4), 0),
        ("pending", ("pending", 0, 0, 0), 0),
    ],
)
def test_ending_of_an_upsert_can_be_chosen(
    account: Account, clock: FakeClock, ending: ForcedEnding, shown: tuple[str, int, int, int], contacts: int
) -> None:
    account.force_next_jobs(ending)
    job = ended(account, clock, *(contact(external_id=str(number)) for number in range(4)))
    assert (counts(job), len(account)) == (shown, contacts)
