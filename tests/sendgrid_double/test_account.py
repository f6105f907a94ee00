import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.sendgrid_double import Account, Job, Settings, UnknownContact
from local.sendgrid_double.jobs import ForcedEnding
from tests.sendgrid_double.conftest import JOB_DELAY
from tests.sendgrid_double.support import NOW
from tests.support.clock import FakeClock


def ended(account: Account, job: Job, clock: FakeClock) -> Job:
    clock.advance(JOB_DELAY)
    found = account.job(job.id)
    assert found is not None
    return found


def test_a_contact_needs_an_identifier(account: Account) -> None:
    with pytest.raises(ValueError, match="at least one identifier"):
        account.add_contact()


def test_a_contact_id_is_a_uuid(account: Account) -> None:
    with pytest.raises(ValueError, match="UUID"):
        account.add_contact(email="a@example.com", contact_id="1234")


def test_a_contact_id_is_taken_once(account: Account) -> None:
    contact_id = account.add_contact(email="a@example.com")
    with pytest.raises(ValueError, match="taken"):
        account.add_contact(email="b@example.com", contact_id=contact_id.upper())


def test_an_email_address_is_stored_in_lower_case(account: Account) -> None:
    contact = account.contact(account.add_contact(email="Ann@Example.com", external_id="Ann"))
    assert contact is not None
    assert (contact.email, contact.external_id) == ("ann@example.com", "Ann")


def test_a_deletion_takes_effect_when_its_delay_is_over(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com")
    job = account.delete_contacts([contact_id])
    clock.advance(JOB_DELAY - 0.1)
    assert (contact_id in account, account.job(job.id)) == (True, job)
    clock.advance(0.1)
    assert contact_id not in account


def test_a_job_finishes_at_its_own_time_whenever_somebody_looks(account: Account, clock: FakeClock) -> None:
    job = account.delete_contacts([account.add_contact(email="a@example.com")])
    clock.advance(3600)
    assert ended(account, job, clock).finished_at == job.started_at + JOB_DELAY


def test_every_job_can_have_a_delay_of_its_own(account: Account, clock: FakeClock) -> None:
    delays = iter([20.0, 10.0])
    account.settings.job_delay = lambda: next(delays)
    slow, quick = account.delete_contacts([]), account.delete_contacts([])
    clock.advance(10)
    assert [job.status for job in account.jobs()] == ["pending", "completed"]
    assert [job.id for job in account.jobs()] == [slow.id, quick.id]


def test_ids_that_the_account_does_not_have_do_not_spoil_a_deletion(
    account: Account, clock: FakeClock
) -> None:
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


@pytest.mark.parametrize(
    ("ending", "left", "errored"), [("errored", 3, 3), ("failed", 5, 5), ("completed", 3, 0)]
)
def test_a_forced_ending_spares_contacts(
    account: Account, clock: FakeClock, ending: ForcedEnding, left: int, errored: int
) -> None:
    ids = [account.add_contact(external_id=str(number)) for number in range(5)]
    account.force_next_jobs(ending)
    job = ended(account, account.delete_contacts(ids), clock)
    assert (job.status, job.deleted_count, job.errored_count) == (ending, 5 - left, errored)
    assert len(account) == left


def test_a_forced_ending_is_for_so_many_jobs(account: Account, clock: FakeClock) -> None:
    account.force_next_jobs("failed", count=2)
    jobs = [account.delete_contacts([]), account.delete_all(), account.delete_all()]
    assert [ended(account, job, clock).status for job in jobs] == ["failed", "failed", "completed"]


def test_a_job_can_be_forced_never_to_end(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com")
    account.force_next_jobs("pending")
    job = account.delete_contacts([contact_id])
    clock.advance(1e6)
    assert (account.job(job.id), contact_id in account) == (job, True)


def test_a_job_can_take_effect_before_its_status_says_so(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com")
    account.settings.counts_early_seconds = 10
    job = account.delete_contacts([contact_id])
    clock.advance(JOB_DELAY - 10)
    early = account.job(job.id)
    assert early is not None
    assert (early.status, early.deleted_count, early.finished_at) == ("pending", 1, None)
    assert contact_id not in account
    clock.advance(9.9)
    assert account.job(job.id) == early
    late = ended(account, job, clock)
    assert (late.status, late.ran_at, late.finished_at) == ("completed", NOW + 20, NOW + JOB_DELAY)


def test_no_job_takes_effect_before_it_was_accepted(account: Account, clock: FakeClock) -> None:
    account.settings.counts_early_seconds = 2 * JOB_DELAY
    assert ended(account, account.delete_all(), clock).ran_at == NOW


def test_an_ending_that_does_not_exist_is_refused(account: Account) -> None:
    with pytest.raises(ValueError, match="errored"):
        account.force_next_jobs("forgotten")  # type: ignore[arg-type]


def test_an_identifier_is_removed_and_the_rest_stays(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com", phone_number_id="+15555550100")
    job = ended(account, account.remove_identifier(contact_id, "EMAIL", "A@example.com"), clock)
    contact = account.contact(contact_id)
    assert contact is not None
    assert contact.identifiers == {"PHONENUMBERID": "+15555550100"}
    assert (job.status, contact.updated_at) == ("completed", job.finished_at)


def test_an_identifier_that_is_the_last_one_makes_the_job_fail(account: Account, clock: FakeClock) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    first = account.remove_identifier(contact_id, "EMAIL", "a@example.com")
    last = account.remove_identifier(contact_id, "EXTERNALID", "x-1")
    assert [ended(account, job, clock).status for job in (first, last)] == ["completed", "failed"]
    contact = account.contact(contact_id)
    assert contact is not None
    assert contact.identifiers == {"EXTERNALID": "x-1"}


def test_an_identifier_that_the_contact_does_not_have_makes_the_job_fail(
    account: Account, clock: FakeClock
) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    job = account.remove_identifier(contact_id, "EXTERNALID", "X-1")
    assert ended(account, job, clock).status == "failed"


def test_removing_an_identifier_of_a_contact_that_went_meanwhile_fails(
    account: Account, clock: FakeClock
) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    account.delete_all()
    job = account.remove_identifier(contact_id, "EMAIL", "a@example.com")
    assert ended(account, job, clock).status == "failed"


@pytest.mark.parametrize(("ending", "errored"), [("errored", 1), ("failed", 1), ("completed", 0)])
def test_a_forced_ending_spares_the_identifier(
    account: Account, clock: FakeClock, ending: ForcedEnding, errored: int
) -> None:
    contact_id = account.add_contact(email="a@example.com", external_id="x-1")
    account.force_next_jobs(ending)
    job = ended(account, account.remove_identifier(contact_id, "EMAIL", "a@example.com"), clock)
    contact = account.contact(contact_id)
    assert contact is not None
    assert (job.status, job.errored_count, contact.email) == (ending, errored, "a@example.com")


def test_an_unknown_contact_has_no_identifiers_to_remove(account: Account) -> None:
    with pytest.raises(UnknownContact):
        account.remove_identifier(str(uuid.uuid4()), "EMAIL", "a@example.com")


def test_a_deleted_contact_was_billed_all_the_same(account: Account, clock: FakeClock) -> None:
    doomed = account.add_contact(email="a@example.com", anonymous_id="1")
    account.add_contact(phone_number_id="+15555550100")
    ended(account, account.delete_contacts([doomed]), clock)
    count = account.count()
    assert (count.contacts, count.billable) == (1, 2)
    assert count.with_identifier == {"EMAIL": 0, "PHONENUMBERID": 1, "EXTERNALID": 0, "ANONYMOUSID": 0}


@settings(deadline=None)
@given(st.integers(0, 20), st.lists(st.tuples(st.sets(st.integers(0, 25)), st.floats(0, 60))))
def test_in_the_end_exactly_the_contacts_asked_for_are_gone(
    added: int, deletions: list[tuple[set[int], float]]
) -> None:
    clock = FakeClock(NOW)
    delays = iter([delay for _, delay in deletions])
    account = Account(clock, Settings(job_delay=lambda: next(delays)))
    present = [account.add_contact(external_id=str(number)) for number in range(added)]
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
    ids = [account.add_contact(external_id=str(number)) for number in range(100)]
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
    ids = [account.add_contact(external_id=str(number)) for number in range(4)]
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


def test_read_lags_behind_when_a_job_ran_and_not_when_it_was_looked_for(
    account: Account, clock: FakeClock
) -> None:
    contact_id = account.add_contact(email="a@example.com")
    account.settings.read_lag_seconds = 10
    account.delete_contacts([contact_id])
    clock.advance(JOB_DELAY + 10)
    assert account.read_contact(contact_id) is None


def test_read_shows_a_contact_as_it_was_before_all_changes_of_the_lag(
    account: Account, clock: FakeClock
) -> None:
    account.settings.read_lag_seconds = 10
    account.settings.job_delay = 1
    contact_id = account.add_contact(email="a@example.com", phone_number_id="1", external_id="x-1")
    clock.advance(10)
    account.remove_identifier(contact_id, "EMAIL", "a@example.com")
    clock.advance(5)
    account.remove_identifier(contact_id, "PHONENUMBERID", "1")
    clock.advance(5)
    contact = account.read_contact(contact_id)
    assert contact is not None
    assert set(contact.identifiers) == {"EMAIL", "PHONENUMBERID", "EXTERNALID"}
    clock.advance(1)
    contact = account.read_contact(contact_id)
    assert contact is not None
    assert set(contact.identifiers) == {"PHONENUMBERID", "EXTERNALID"}


def test_cleared_account_has_no_contacts_for_reads_that_lag(account: Account) -> None:
    account.settings.read_lag_seconds = 10
    account.add_contact(email="a@example.com")
    account.clear()
    assert account.read_contacts() == []
