import pytest

from benchmarks.floor import IDS_PER_CALL, fewest_calls, floor_seconds
from benchmarks.workload import contact_ids
from contact_deletion.deletion.packing import TARGET_BUDGET
from local.sendgrid_double import RateLimit


def test_one_id_more_than_a_call_takes_is_beyond_the_budget() -> None:
    def target(count: int) -> str:
        return "/v3/marketing/contacts?ids=" + "%2C".join(contact_ids(count))

    assert len(target(IDS_PER_CALL)) <= TARGET_BUDGET < len(target(IDS_PER_CALL + 1))


def test_the_fewest_calls_are_all_full_but_the_last() -> None:
    counts = [1, IDS_PER_CALL, IDS_PER_CALL + 1, 10_000]

    assert [fewest_calls(count) for count in counts] == [1, 1, 2, 50]


@pytest.mark.parametrize(("calls", "seconds"), [(1, 0.05), (40, 0.05), (41, 10.05), (80, 10.05), (81, 20.05)])
def test_each_window_that_is_spent_has_to_be_waited_for(calls: int, seconds: float) -> None:
    limit = RateLimit(limit=40, window_seconds=10)

    assert floor_seconds(calls, limit, 0.05) == pytest.approx(seconds)
