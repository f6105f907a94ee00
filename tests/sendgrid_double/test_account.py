"""The state of an account over time; what HTTP makes of it is in test_api.py."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sendgrid_double import Account, Job, Settings
from local.sendgrid_double.jobs import ForcedEnding
from tests.sendgrid_double.conftest import JOB_DELAY
from tests.sendgrid_double.support import NOW, add_contacts
from tests.support.clock import FakeClock


def ended(account: Account, job: Job, clock: FakeClock) -> Job:
    clock.advance(JOB_DELAY)
    found = account.job(job.id)
    assert found is not None
    return found


def identifiers(account: Account, contact_id: str) -> dict[str, str]:
    """Those that reads show."""
    contact = account.read_contact(contact_id)
    assert contact is not None
    return {str(kind): value for kind, value in contact.identifiers.items()}


def test_contact_id_is_a_uuid_that_is_not_taken(account: Account) -> None:
    contact_id = account.add_contact(email="a@example.com")
    with pytest.raises(ValueError, match="taken"):
        account.add_contact(email="b@example.com", contact_id=contact_id.upper())
    with pytest.raises(ValueError, match="UUID"):
        account.add_contact(email="b@example.com", contact_id="1234")


def test_contact_needs_an_identifier(account: Account) -> None:
    with pytest.raises(ValueError, match="at least one identifier"):
        account.add_contact()


def test_email_address_is_stored_in_lower_case(account: Account) -> None:
    contact_id = account.add_contact(email="Ann@Example.com", external_id="Ann")
    assert identifiers(account, contact_id) == {"EMAIL": "ann@example.com", "EXTERNALID": "Ann"}


def test_job_finishes_at_its_own_time_whenever_it_is_read(account: Account, clock: FakeClock) -> None:
    job = account.delete_contacts([account.add_contact(email="a@example.com")])
    clock.advance(3600)
    assert ended(account, job, clock).finished_at == job.started_at + JOB_DELAY


def test_every_job_can_have_a_delay_of_its_own(account: Account, clock: FakeClock) -> None:
    delays = iter([20.0, 10.0])
    account.settings.job_delay = lambda: next(delays)
    slow, quick = account.delete_contacts([]), account.delete_contacts([])
    clock.advance(10)
    assert [(job.id, job.status) for job in account.jobs()] == [(slow.id, "pending"), (quick.id, "completed")]


def test_unknown_ids_do_not_spoil_a_deletion(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com")
    job = ended(account, account.delete_contacts([contact_id.upper(), contact_id, str(uuid.uuid4())]), clock)
    assert (job.status, job.requested_count, job.deleted_count, job.errored_count) == ("completed", 2, 1, 0)
    assert len(account) == 0


def test_delete_all_takes_what_is_there_when_it_runs(account: Account, clock: FakeClock) -> None:
    account.add_contact(email="before@example.com")
    job = account.delete_all()
    account.add_contact(email="between@example.com")
    clock.advance(JOB_DELAY)
    later = account.add_contact(email="after@example.com")
    assert account.contact_ids() == {later}
    assert (job.requested_count, ended(account, job, clock).deleted_count) == (1, 2)


def test_forced_ending_is_for_so_many_jobs(account: Account, clock: FakeClock) -> None:
    account.force_next_jobs("failed", count=2)
    jobs = [account.delete_contacts([]), account.delete_all(), account.delete_all()]
    assert [ended(account, job, clock).status for job in jobs] == ["failed", "failed", "completed"]


def test_job_can_be_forced_never_to_end(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com")
    account.force_next_jobs("pending")
    job = account.delete_contacts([contact_id])
    clock.advance(1e6)
    assert (account.job(job.id), contact_id in account) == (job, True)


def test_job_takes_effect_early_but_not_before_it_was_accepted(account: Account, clock: FakeClock) -> None:
    ran_at = []
    for early in (10, 2 * JOB_DELAY):
        account.settings.counts_early_seconds = early
        ran_at.append(ended(account, account.delete_all(), clock).ran_at)
    assert ran_at == [NOW + JOB_DELAY - 10, NOW + JOB_DELAY]


def test_unknown_ending_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="errored"):
        account.force_next_jobs("forgotten")  # type: ignore[arg-type]


def test_removal_of_the_last_identifier_fails(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    first = account.remove_identifier(contact_id, "EMAIL", "A@example.com")
    last = account.remove_identifier(contact_id, "EXTERNALID", "x-1")
    done, failed = (ended(account, job, clock) for job in (first, last))
    assert (done.status, failed.status) == ("completed", "failed")
    contact = account.contact(contact_id)
    assert contact is not None
    assert (contact.identifiers, contact.updated_at) == ({"EXTERNALID": "x-1"}, done.finished_at)


@pytest.mark.parametrize(("is_deleted", "value"), [(False, "X-1"), (True, "x-1")])
def test_removal_of_nothing_fails(account: Account, clock: FakeClock, is_deleted: bool, value: str) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    if is_deleted:
        account.delete_all()
    job = account.remove_identifier(contact_id, "EXTERNALID", value)
    assert ended(account, job, clock).status == "failed"


@pytest.mark.parametrize(("ending", "errored"), [("errored", 1), ("failed", 1), ("completed", 0)])
def test_ending_spares_the_identifier(
    account: Account, clock: FakeClock, ending: ForcedEnding, errored: int
) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    account.force_next_jobs(ending)
    job = ended(account, account.remove_identifier(contact_id, "EMAIL", "a@example.com"), clock)
    assert (job.status, job.errored_count) == (ending, errored)
    assert identifiers(account, contact_id)["EMAIL"] == "a@example.com"


def test_deleted_contact_was_billed_all_the_same(account: Account, clock: FakeClock) -> None:
    doomed = account.add_contact(email="a@example.com", anonymous_id="1")
    account.add_contact(phone_number_id="+15555550100")
    ended(account, account.delete_contacts([doomed]), clock)
    count = account.count()
    assert (count.contacts, count.billable) == (1, 2)
    assert count.with_identifier == {"EMAIL": 0, "PHONENUMBERID": 1, "EXTERNALID": 0, "ANONYMOUSID": 0}


@given(st.integers(0, 20), st.lists(st.tuples(st.sets(st.integers(0, 25)), st.floats(0, 60))))
def test_exactly_the_contacts_asked_for_are_gone(added: int, deletions: list[tuple[set[int], float]]) -> None:
    clock = FakeClock(NOW)
    delays = iter([delay for _, delay in deletions])
    account = Account(clock, Settings(job_delay=lambda: next(delays)))
    present = add_contacts(account, added)
    ids = present + [str(uuid.uuid4()) for _ in range(26 - added)]
    asked = set()
    for chosen, _ in deletions:
        asked |= {ids[index] for index in chosen}
        account.delete_contacts(ids[index] for index in chosen)
        clock.advance(1)
    clock.advance(60)
    assert account.contact_ids() == set(present) - asked
    assert sum(job.deleted_count for job in account.jobs()) == len(set(present) & asked)


def test_long_deletion_takes_one_contact_after_the_other(account: Account, clock: FakeClock) -> None:
    account.settings.deletion_seconds = 600
    ids = add_contacts(account, 100)
    job = account.delete_contacts(ids[:95])
    clock.advance(JOB_DELAY)
    assert len(account) == 100
    left = []
    for _ in range(9):
        clock.advance(60)
        left.append(len(account))
    assert left == list(range(90, 0, -10))
    assert account.job(job.id) == job
    clock.advance(60)
    late = account.job(job.id)
    assert late is not None
    assert (late.status, late.deleted_count) == ("completed", 95)
    assert account.contact_ids() == set(ids[95:])


def test_long_deletion_spares_what_it_was_forced_to(account: Account, clock: FakeClock) -> None:
    account.settings.change(deletion_seconds=600, counts_early_seconds=60)
    ids = add_contacts(account, 4)
    account.force_next_jobs("errored")
    job = account.delete_all()
    clock.advance(JOB_DELAY + 540)
    early = account.job(job.id)
    assert early is not None
    assert (early.status, early.deleted_count, early.errored_count) == ("pending", 2, 2)
    assert account.contact_ids() == set(ids[:2])


def test_contact_is_deleted_once_though_two_jobs_name_it(account: Account, clock: FakeClock) -> None:
    account.settings.deletion_seconds = 100
    contact_id = account.add_contact(external_id="x-1")
    for _ in range(2):
        account.delete_contacts([contact_id])
    clock.advance(JOB_DELAY + 100)
    assert [job.deleted_count for job in account.jobs()] == [1, 0]


def test_only_a_deletion_takes_long(account: Account, clock: FakeClock) -> None:
    account.settings.deletion_seconds = 600
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    assert ended(account, account.remove_identifier(contact_id, "EMAIL", "a@example.com"), clock).finished_at


def test_reads_lag_behind_writes(account: Account, clock: FakeClock) -> None:
    old = account.add_contact(email="old@example.com")
    account.settings.read_lag_seconds = 10
    account.delete_contacts([old])
    clock.advance(JOB_DELAY)
    new = account.add_contact(email="new@example.com")
    assert account.contact_ids() == {new}
    assert [contact.id for contact in account.read_contacts()] == [old]
    assert (account.read_contact(old.upper()), account.read_contact(new)) != (None, None)
    assert (account.read_contact(new), account.count().contacts) == (None, 1)
    clock.advance(10)
    assert account.read_contact(old) is None
    assert [contact.id for contact in account.read_contacts()] == [new]


def test_read_lags_behind_a_job_that_ran_before_it_was_read(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com")
    account.settings.read_lag_seconds = 10
    account.delete_contacts([contact_id])
    clock.advance(JOB_DELAY + 10)
    assert account.read_contact(contact_id) is None


def test_read_shows_a_contact_without_any_change_of_the_lag(account: Account, clock: FakeClock) -> None:
    account.settings.change(read_lag_seconds=10, job_delay=1)
    contact_id = account.add_contact(email="a@example.com", phone_number_id="1", external_id="x-1")
    clock.advance(10)
    account.remove_identifier(contact_id, "EMAIL", "a@example.com")
    clock.advance(5)
    account.remove_identifier(contact_id, "PHONENUMBERID", "1")
    clock.advance(5)
    assert set(identifiers(account, contact_id)) == {"EMAIL", "PHONENUMBERID", "EXTERNALID"}
    clock.advance(1)
    assert set(identifiers(account, contact_id)) == {"PHONENUMBERID", "EXTERNALID"}


def test_cleared_account_has_no_contacts_for_reads_that_lag(account: Account) -> None:
    account.settings.read_lag_seconds = 10
    account.add_contact(email="a@example.com")
    account.clear()
    assert account.read_contacts() == []
