import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.sendgrid.polling import (
    FIRST_POLL_SECONDS,
    GIVE_UP_SECONDS,
    MAX_POLL_INTERVAL_SECONDS,
    next_poll_delay,
)

ages = st.floats(-1e6, 2 * GIVE_UP_SECONDS)


@pytest.mark.parametrize("age", [None, 0.0, 1.0, -60.0])
def test_the_first_pause_is_as_long_as_nothing_was_ever_seen_to_happen(age: float | None) -> None:
    assert next_poll_delay(age) == FIRST_POLL_SECONDS


@given(ages, ages)
def test_pauses_grow_with_age_from_the_first_to_the_longest(one: float, other: float) -> None:
    early, late = (next_poll_delay(age) for age in sorted((one, other)))
    assert FIRST_POLL_SECONDS <= early <= late <= MAX_POLL_INTERVAL_SECONDS


def test_a_job_is_polled_little_more_than_a_hundred_times_in_a_day() -> None:
    pauses = []
    age = 0.0
    while age < GIVE_UP_SECONDS:
        pauses.append(next_poll_delay(age))
        age += pauses[-1]

    assert pauses[:7] == [30, 30, 60, 120, 240, 480, 900]
    assert len(pauses) <= 110
    assert all(early <= late for early, late in itertools.pairwise(pauses))
