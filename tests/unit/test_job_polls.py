"""One job that SendGrid never responds for keeps no other from its status, and an outage costs few calls."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.job_status.job_polls import poll_jobs
from contact_deletion.sendgrid.jobs import Job

AT_ONCE = 4
NO_DEADLINE = cast(Deadline, None)


class Polled:
    """A client that knows every job, but for some it raises. Four calls may be under way."""

    job_limit = None

    def __init__(self, fails: Callable[[str], bool], error: type[Deferred] = SendGridUnavailable) -> None:
        self._fails = fails
        self._error = error
        self.job_ids: list[str] = []

    def may_start(self, limit: None, deadline: Deadline, in_flight: int) -> bool:
        return in_flight < AT_ONCE

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
        found = Polled(bad.__contains__).poll(sorted(open_jobs), threads)
        open_jobs -= {job_id for job_id, job in found.items() if isinstance(job, Job)}
        if open_jobs == bad:
            return
    raise AssertionError(f"{open_jobs} never have a status")
