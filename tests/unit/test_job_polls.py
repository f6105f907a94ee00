"""One job that SendGrid never responds for keeps no other from its status, and an outage costs few calls."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.job_status import job_polls
from contact_deletion.job_status.job_polls import poll_jobs
from contact_deletion.sendgrid.jobs import Job

AT_ONCE = 4
NO_DEADLINE = cast(Deadline, None)


class Polled:
    """A client that knows every job, but for some it raises. Four calls may be under way."""

    job_limit = None

    def __init__(
        self,
        fails: Callable[[str], bool],
        error: type[Exception] = SendGridUnavailable,
        at_once: int = AT_ONCE,
    ) -> None:
        self._fails = fails
        self._error = error
        self._at_once = at_once
        self.job_ids: list[str] = []

    def may_start(self, limit: None, deadline: Deadline, in_flight: int) -> bool:
        return in_flight < self._at_once

    def job(self, job_id: str) -> Job:
        self.job_ids.append(job_id)
        if self._fails(job_id):
            raise self._error("no response")
        return Job(job_id, "completed")

    def poll(self, job_ids: Iterable[str], threads: Executor) -> dict[str, Job | Deferred]:
        return poll_jobs(cast(Any, self), threads, job_ids, NO_DEADLINE)


@pytest.fixture(scope="module")
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield threads


def jobs(count: int) -> list[str]:
    return [str(number) for number in range(count)]


@given(st.integers(0, 30), st.sets(st.integers(0, 30), max_size=1))
def test_one_bad_job_is_the_only_one_without_a_status(threads: Executor, count: int, bad: set[int]) -> None:
    client = Polled(lambda job_id: int(job_id) in bad)

    found = client.poll(jobs(count), threads)

    assert sorted(client.job_ids) == sorted(found) == sorted(jobs(count))
    failed = {int(job_id) for job_id, job in found.items() if isinstance(job, Deferred)}
    assert failed == bad & set(range(count))


@given(st.integers(2, 30))
def test_in_an_outage_few_jobs_are_polled_and_all_have_its_error(threads: Executor, count: int) -> None:
    client = Polled(lambda _: True)

    found = client.poll(jobs(count), threads)

    assert len(client.job_ids) <= AT_ONCE + 1
    assert sorted(found) == sorted(jobs(count))
    assert all(isinstance(job, SendGridUnavailable) for job in found.values())


def test_what_every_call_would_share_ends_the_polls_at_once(threads: Executor) -> None:
    client = Polled(lambda _: True, SendGridUnauthorized)

    found = client.poll(jobs(30), threads)

    assert len(client.job_ids) <= AT_ONCE
    assert sorted(found) == sorted(jobs(30))
    assert all(isinstance(job, SendGridUnauthorized) for job in found.values())


def test_many_bad_jobs_keep_the_rest_waiting_no_more_than_sometimes(threads: Executor) -> None:
    bad = set(jobs(6))
    open_jobs = set(jobs(20))
    for _ in range(200):
        found = Polled(bad.__contains__).poll(sorted(open_jobs, key=int), threads)
        open_jobs -= {job_id for job_id, job in found.items() if isinstance(job, Job)}
        if open_jobs == bad:
            return
    raise AssertionError(f"{open_jobs} never have a status")


def test_bad_jobs_between_good_ones_are_no_outage(threads: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_polls, "shuffle", lambda waiting: None)
    client = Polled({"0", "5"}.__contains__, at_once=1)

    found = client.poll(jobs(12), threads)

    assert client.job_ids == jobs(12)
    assert {job_id for job_id, job in found.items() if isinstance(job, Deferred)} == {"0", "5"}


def test_a_slow_job_does_not_delay_the_others(threads: Executor) -> None:
    are_others_polled = Event()

    class Slow(Polled):
        def job(self, job_id: str) -> Job:
            if job_id == "0":
                assert are_others_polled.wait(60)
            job = super().job(job_id)
            if len(self.job_ids) == 19:
                are_others_polled.set()
            return job

    found = Slow(lambda _: False).poll(jobs(20), threads)

    assert sorted(found) == sorted(jobs(20))
    assert all(isinstance(job, Job) for job in found.values())


def test_no_call_is_under_way_when_an_unforeseen_error_ends_the_polls(threads: Executor) -> None:
    both_have_started = Barrier(2)
    ended = []

    class Unforeseen(Polled):
        def job(self, job_id: str) -> Job:
            both_have_started.wait(60)
            if job_id == "1":
                time.sleep(0.05)  # longer than the error takes
            try:
                return super().job(job_id)
            finally:
                ended.append(job_id)

    with pytest.raises(ZeroDivisionError):
        Unforeseen(lambda job_id: job_id == "0", ZeroDivisionError).poll(jobs(2), threads)

    assert sorted(ended) == jobs(2)
