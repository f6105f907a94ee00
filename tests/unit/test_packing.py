from math import ceil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contact_deletion.deletion.packing import REDUCED_SECONDS, TARGET_BUDGET, TargetBudget, packed
from tests.support.clock import FakeClock
from tests.support.events import contact_id
from tests.unit.support import client_that_cannot_call

counts = st.integers(0, 700)
budgets = st.one_of(st.integers(1, 400), st.integers(400, 12_000))
base_urls = st.builds(
    lambda path: f"https://api.example.com{path}", st.from_regex("(/[a-z]{1,30}){0,4}", fullmatch=True)
)


def ids_of(count: int) -> list[str]:
    return [contact_id(number) for number in range(count)]


@given(counts, budgets, base_urls)
@example(count=410, budget=8_000, base_url="https://api.sendgrid.com")
def test_ids_go_in_their_order_into_as_few_calls_as_the_budget_allows(
    count: int, budget: int, base_url: str
) -> None:
    target_of = client_that_cannot_call(base_url).ids_target
    ids = ids_of(count)

    calls = list(packed(ids, budget, target_of))

    assert [each for call in calls for each in call] == ids
    assert all(len(target_of(call)) <= budget or len(call) == 1 for call in calls)
    fitting = 1
    while fitting < count and len(target_of(ids[: fitting + 1])) <= budget:
        fitting += 1
    assert len(calls) == ceil(count / fitting)


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (204, 1), (205, 2), (1_000, 5), (10_000, 50)])
def test_what_the_usual_budget_makes_of_so_many_contacts(count: int, calls: int) -> None:
    assert len(list(packed(ids_of(count), TARGET_BUDGET, client_that_cannot_call().ids_target))) == calls


def budget_after(*refused: int) -> int:
    budget = TargetBudget(FakeClock())
    for length in refused:
        budget.refused(length)
    return budget.characters


@pytest.mark.parametrize(
    ("refused", "characters"),
    [
        ([], TARGET_BUDGET),
        ([8_000], 4_000),
        ([7_991], 3_995),
        ([4_001], 2_000),
        ([4_000], TARGET_BUDGET),
        ([66], TARGET_BUDGET),
        ([8_000, 4_000], 2_000),
        ([8_000, 4_001], 4_000),
        ([8_000, 2_000], 4_000),
        ([8_000, 2_001], 1_000),
    ],
)
def test_only_a_target_near_the_budget_reduces_it(refused: list[int], characters: int) -> None:
    assert budget_after(*refused) == characters


def test_an_hour_after_the_last_refusal_the_budget_is_the_usual_one() -> None:
    clock = FakeClock()
    budget = TargetBudget(clock)
    budget.refused(8_000)
    clock.advance(REDUCED_SECONDS - 1)
    budget.refused(4_000)
    clock.advance(REDUCED_SECONDS - 1)
    reduced = budget.characters
    clock.advance(1)

    assert (reduced, budget.characters) == (2_000, TARGET_BUDGET)
