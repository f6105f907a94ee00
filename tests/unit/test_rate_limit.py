import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.sendgrid.rate_limit import (
    MAX_CALLS_AT_ONCE,
    MAX_CONSUMERS,
    MAX_WINDOW_SECONDS,
    RESET_MARGIN_SECONDS,
    RateLimit,
    retry_after,
)
from tests.support.clock import FakeClock

# Seconds: Reset has whole ones, and a margin is added.
TOLERANCE = 2.0


class Endpoint:
    """A rate limit under test, and the ways in which responses report it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.limit = RateLimit(self.clock)

    def headers(self, remaining: object, *, seconds_left: float, reset: str = "epoch") -> dict[str, str]:
        at = round(self.clock() + seconds_left) if reset == "epoch" else round(seconds_left)
        return {"X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(at)}

    def answer(self, headers: dict[str, str], *, refused: bool = False) -> None:
        self.limit.update_from_headers(headers, refused=refused)

    def start_all(self, most: int = 100) -> int:
        """How many calls start side by side, none of them ending."""
        started = 0
        while started < most and self.limit.try_acquire(started):
            started += 1
        return started

    def start_one_after_another(self, most: int = 100) -> int:
        """How many calls start when each ends, without an answer's headers, before the next."""
        return next((number for number in range(most) if not self.limit.try_acquire()), most)


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


both_formats = pytest.mark.parametrize("reset", ["epoch", "seconds"])


def test_the_first_call_of_a_window_waits_for_those_of_the_last(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(50, seconds_left=30))
    endpoint.clock.advance(60)
    assert not endpoint.limit.try_acquire(in_flight=1)
    assert endpoint.limit.try_acquire(in_flight=0)


@both_formats
def test_after_first_answer_calls_go_side_by_side_but_not_too_many(endpoint: Endpoint, reset: str) -> None:
    endpoint.answer(endpoint.headers(500, seconds_left=30, reset=reset))
    assert endpoint.start_all() == MAX_CALLS_AT_ONCE == 8


@both_formats
@given(remaining=st.integers(0, 20))
def test_no_more_calls_start_than_are_left(reset: str, remaining: int) -> None:
    side_by_side, one_after_another = Endpoint(), Endpoint()
    for endpoint in (side_by_side, one_after_another):
        endpoint.answer(endpoint.headers(remaining, seconds_left=30, reset=reset))
    started = side_by_side.start_all()
    assert min(1, remaining) <= started <= min(remaining, MAX_CALLS_AT_ONCE)
    assert started <= 1 or MAX_CONSUMERS * started <= remaining, (
        "another environment may spend the same window"
    )
    assert one_after_another.start_one_after_another() == remaining


@both_formats
def test_the_last_call_of_a_window_that_others_spend_too_is_left(endpoint: Endpoint, reset: str) -> None:
    """Every environment would send it, and all but one would be answered 429."""
    endpoint.answer(endpoint.headers(10, seconds_left=30, reset=reset))
    assert endpoint.limit.try_acquire()
    endpoint.answer(endpoint.headers(8, seconds_left=30, reset=reset))  # one more than was started here
    assert endpoint.start_one_after_another() == 7


def test_after_a_pause_the_first_call_of_such_a_window_goes_alone(endpoint: Endpoint) -> None:
    """What others have spent meanwhile is unknown."""
    endpoint.answer(endpoint.headers(30, seconds_left=30))
    endpoint.answer(endpoint.headers(20, seconds_left=30))
    endpoint.clock.advance(0.3)
    assert endpoint.start_all() == 1
    endpoint.answer(endpoint.headers(10, seconds_left=30))
    endpoint.clock.advance(0.2)
    assert endpoint.start_all() > 1


@both_formats
def test_a_window_that_is_not_shared_is_spent_to_the_last_call(endpoint: Endpoint, reset: str) -> None:
    endpoint.answer(endpoint.headers(10, seconds_left=30, reset=reset))
    for left in (9, 8):
        assert endpoint.limit.try_acquire()
        endpoint.answer(endpoint.headers(left, seconds_left=30, reset=reset))
    assert endpoint.start_one_after_another() == 8


def test_that_others_spent_a_window_says_nothing_of_the_next(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(10, seconds_left=30))
    endpoint.answer(endpoint.headers(5, seconds_left=30))
    endpoint.clock.advance(60)
    endpoint.answer(endpoint.headers(3, seconds_left=30))
    assert endpoint.start_one_after_another() == 3


@both_formats
def test_a_spent_window_is_known_until_just_after_its_reset(endpoint: Endpoint, reset: str) -> None:
    """SendGrid's whole second may be rounded down by up to a margin that its documentation does not give."""
    headers = endpoint.headers(0, seconds_left=30, reset=reset)
    endpoint.answer(headers)
    reported = float(headers["X-RateLimit-Reset"]) - (endpoint.clock() if reset == "epoch" else 0)
    assert reported < endpoint.limit.seconds_until_reset() == pytest.approx(30, abs=TOLERANCE)
    assert not endpoint.limit.try_acquire()
    endpoint.clock.advance(endpoint.limit.seconds_until_reset())
    assert endpoint.limit.seconds_until_reset() == 0
    assert endpoint.start_all() == 1


@given(st.lists(st.floats(0, 9.9), min_size=1, max_size=20), st.sampled_from(["epoch", "seconds"]))
def test_the_end_of_a_window_is_the_earliest_that_was_observed(observed_at: list[float], reset: str) -> None:
    """Where it is in seconds left, each answer rounds up something else."""
    endpoint = Endpoint()
    start = endpoint.clock()
    ends_at = start + 10
    for seconds in sorted(observed_at):
        endpoint.clock.advance(start + seconds - endpoint.clock())
        exactly = ends_at if reset == "epoch" else ends_at - endpoint.clock()
        endpoint.answer({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": str(math.ceil(exactly))})
    earliest = (
        math.ceil(ends_at) if reset == "epoch" else min(at + math.ceil(10 - at) + start for at in observed_at)
    )
    expected = earliest + RESET_MARGIN_SECONDS - endpoint.clock()
    assert endpoint.limit.seconds_until_reset() == pytest.approx(expected, abs=0.001)


@given(st.permutations(range(10)))
def test_of_answers_that_overtake_each_other_the_least_remaining_counts(order: list[int]) -> None:
    endpoint = Endpoint()
    headers = [endpoint.headers(remaining, seconds_left=30) for remaining in range(10)]
    for number in order:
        endpoint.answer(headers[number])
    assert not endpoint.limit.try_acquire()


def test_an_answer_of_an_older_window_is_not_news(endpoint: Endpoint) -> None:
    late = endpoint.headers(400, seconds_left=5)
    endpoint.clock.advance(4)
    endpoint.answer(endpoint.headers(0, seconds_left=60))
    endpoint.answer(late)
    assert not endpoint.limit.try_acquire()
    assert endpoint.limit.seconds_until_reset() == pytest.approx(60, abs=TOLERANCE)


def test_an_answer_of_a_newer_window_is_news_though_the_older_seems_open(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(0, seconds_left=5))
    endpoint.answer(endpoint.headers(40, seconds_left=65))
    assert endpoint.start_one_after_another() == 40


def test_calls_under_way_count_against_a_window_that_opened_meanwhile(endpoint: Endpoint) -> None:
    """Around its end it is unknown which window a call falls into: Reset has whole seconds."""
    endpoint.answer(endpoint.headers(5, seconds_left=30))
    endpoint.clock.advance(endpoint.limit.seconds_until_reset() - 0.1)
    under_way = endpoint.start_all()
    endpoint.answer(endpoint.headers(5, seconds_left=60))  # of the first of them, the window allowing 6
    left = 6 - under_way
    assert endpoint.start_one_after_another() == left, "though the others end without saying anything"


def test_the_first_answer_of_a_window_lets_calls_start_beside_those_of_the_last(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(50, seconds_left=30))
    under_way = endpoint.start_all()
    endpoint.clock.advance(60)
    endpoint.answer(endpoint.headers(50, seconds_left=30))
    assert endpoint.limit.try_acquire(in_flight=under_way - 1)


@both_formats
def test_a_429_ends_all_calls_until_the_reset(endpoint: Endpoint, reset: str) -> None:
    endpoint.answer(endpoint.headers(100, seconds_left=30, reset=reset))
    endpoint.answer(endpoint.headers(0, seconds_left=30, reset=reset), refused=True)
    assert not endpoint.limit.try_acquire()
    assert endpoint.limit.seconds_until_reset() == pytest.approx(30, abs=TOLERANCE)


def test_a_429_is_believed_whatever_it_or_an_answer_that_it_overtook_says_is_left(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(100, seconds_left=30), refused=True)
    assert not endpoint.limit.try_acquire()
    endpoint.answer(endpoint.headers(3, seconds_left=30))
    assert not endpoint.limit.try_acquire()


def test_a_429_without_a_reset_is_waited_out_for_some_seconds(endpoint: Endpoint) -> None:
    endpoint.answer({}, refused=True)
    assert not endpoint.limit.try_acquire()
    assert 2 <= endpoint.limit.seconds_until_reset() <= 60


@pytest.mark.parametrize("reset", ["0", "1", "past"])
def test_after_a_429_at_least_a_second_is_waited(endpoint: Endpoint, reset: str) -> None:
    past = endpoint.headers(0, seconds_left=-3600)
    endpoint.answer(past if reset == "past" else {"X-RateLimit-Reset": reset}, refused=True)
    assert endpoint.limit.seconds_until_reset() >= 1
    assert reset != "past" or endpoint.limit.seconds_until_reset() == 1


def test_a_429_does_not_put_off_an_end_that_was_observed_more_exactly(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(5, seconds_left=10, reset="seconds"))
    endpoint.clock.advance(0.5)
    endpoint.answer(endpoint.headers(0, seconds_left=10, reset="seconds"), refused=True)
    assert endpoint.limit.seconds_until_reset() == pytest.approx(9.5 + RESET_MARGIN_SECONDS, abs=0.001)


@pytest.mark.parametrize("refused", [True, False])
@pytest.mark.parametrize("reset", ["86400", "999999999", "9999999999", "1e300"])
def test_a_reset_too_far_away_is_not_believed(endpoint: Endpoint, reset: str, refused: bool) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    endpoint.answer(headers, refused=refused)
    assert endpoint.limit.seconds_until_reset() <= MAX_WINDOW_SECONDS + TOLERANCE


NONSENSE = [
    *("", " ", "-1", "nan", "inf", "-inf", "1e999", "soon", "0x10", "1,5", "٣٣x"),
    "Fri, 21 Nov 2026 12:00:00 GMT",
]


@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("name", ["X-RateLimit-Remaining", "X-RateLimit-Reset"])
def test_headers_that_make_no_sense_are_as_good_as_none(endpoint: Endpoint, name: str, nonsense: str) -> None:
    endpoint.answer(endpoint.headers(0, seconds_left=30) | {name: nonsense})
    assert endpoint.start_all() == MAX_CALLS_AT_ONCE


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_headers_that_make_no_sense_change_nothing_that_is_known(endpoint: Endpoint, nonsense: str) -> None:
    endpoint.answer(endpoint.headers(2, seconds_left=30))
    endpoint.answer({"X-RateLimit-Remaining": nonsense, "X-RateLimit-Reset": nonsense})
    endpoint.answer({})
    assert endpoint.start_one_after_another() == 2


def test_no_headers_mean_no_limit_for_a_while(endpoint: Endpoint) -> None:
    endpoint.answer({})
    assert endpoint.start_all() == MAX_CALLS_AT_ONCE
    assert endpoint.start_one_after_another(most=1000) == 1000
    endpoint.clock.advance(1)
    assert endpoint.start_all() == MAX_CALLS_AT_ONCE
    endpoint.clock.advance(3600)
    assert endpoint.start_all() == 1


def test_no_headers_after_a_spent_window_mean_no_limit_either(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(0, seconds_left=30))
    endpoint.clock.advance(endpoint.limit.seconds_until_reset())
    endpoint.answer({})
    assert endpoint.start_all() == MAX_CALLS_AT_ONCE


def test_a_window_may_be_as_short_as_a_second(endpoint: Endpoint) -> None:
    endpoint.answer(endpoint.headers(0, seconds_left=1, reset="seconds"))
    endpoint.clock.advance(endpoint.limit.seconds_until_reset())
    endpoint.answer(endpoint.headers(5, seconds_left=1, reset="seconds"))
    assert endpoint.start_one_after_another() == 5


def test_headers_end_the_time_without_a_limit(endpoint: Endpoint) -> None:
    endpoint.answer({})
    endpoint.answer(endpoint.headers(0, seconds_left=10))
    assert not endpoint.limit.try_acquire()


@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from(["X-RateLimit-Remaining", "X-RateLimit-Reset"]),
                st.text() | st.floats().map(str) | st.integers().map(str),
            ),
            st.booleans(),
            st.floats(0, 100),
        ),
        max_size=5,
    )
)
def test_whatever_answers_say_a_call_may_start_before_long(
    answers: list[tuple[dict[str, str], bool, float]],
) -> None:
    endpoint = Endpoint()
    for headers, refused, then in answers:
        endpoint.answer(headers, refused=refused)
        assert 0 <= endpoint.limit.seconds_until_reset() <= MAX_WINDOW_SECONDS + TOLERANCE
        endpoint.clock.advance(then)
    endpoint.clock.advance(endpoint.limit.seconds_until_reset())
    assert endpoint.limit.try_acquire()


NOON = 1795608000.0  # 2026-11-25 12:00:00 UTC


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("0", 0), ("40", 40), ("1.5", 1.5), ("900", 900), ("86400", 900)),
        ("Wed, 25 Nov 2026 12:02:00 GMT", 120),
        ("Wed, 25 Nov 2026 11:59:00 GMT", 0),
        ("Thu, 26 Nov 2026 12:00:00 GMT", 900),
        *((nonsense, None) for nonsense in ("-1", "soon", "", "1e999")),
        *((f"Wed, {date} 12:02:00 GMT", None) for date in ("99 Nov 2026", "25 Nov 99999999999")),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOON) == seconds
    assert retry_after({}, NOON) is None


@given(st.text())
def test_any_retry_after_is_a_time_or_none(value: str) -> None:
    seconds = retry_after({"Retry-After": value}, NOON)
    assert seconds is None or 0 <= seconds <= 900


def test_reset_of_a_window_counts_more_than_retry_after() -> None:
    limit = RateLimit(FakeClock())
    limit.update_from_headers({"X-RateLimit-Reset": "10", "Retry-After": "60"}, refused=True)
    assert limit.seconds_until_reset() == pytest.approx(10, abs=1)
