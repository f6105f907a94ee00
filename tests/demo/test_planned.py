"""What was planned to go wrong, and whether it did."""

import random

import pytest

from local.demo import planned, workload
from local.demo.progress import Planned
from local.demo.workload import Workload
from local.sendgrid_double import SendGridDouble

DELETION = ("DELETE", "/v3/marketing/contacts")


@pytest.fixture
def double() -> SendGridDouble:
    return SendGridDouble(job_delay=0)


@pytest.fixture
def work(double: SendGridDouble, monkeypatch: pytest.MonkeyPatch) -> Workload:
    monkeypatch.setattr(workload, "SINGLES", 300)
    planned.plan(double)
    double.account.force_next_jobs("errored")
    return workload.deletions(double.account, set(), random.Random(1))


def standing(work: Workload, double: SendGridDouble, rejected: int = 0) -> dict[str, Planned]:
    return {each.text: each for each in planned.so_far(work, double, rejected)}


def test_at_first_nothing_has_happened(work: Workload, double: SendGridDouble) -> None:
    assert {each.done for each in standing(work, double).values()} == {0}


def test_each_fault_happens_after_its_calls(work: Workload, double: SendGridDouble) -> None:
    def done() -> list[int]:
        now = standing(work, double)
        return [now[f"1 deletion call: HTTP {status}"].done for status in (429, 502)]

    faults = [double.faults.take(*DELETION) for _ in range(5)]
    assert [fault and fault.status for fault in faults] == [None] * 5
    assert (all(faults), done()) == (True, [0, 0])
    fault = double.faults.take(*DELETION)
    assert (fault and fault.status, done()) == (429, [1, 0])


def test_the_job_and_the_rejections_are_counted(work: Workload, double: SendGridDouble) -> None:
    double.account.delete_contacts(work.gone)

    now = standing(work, double, rejected=9)

    assert now["1 job that leaves contacts"].done == 1
    assert now["14 requests to be rejected"] == Planned("14 requests to be rejected", 9, 14)
