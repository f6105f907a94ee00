from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sendgrid_double import OBSERVED, RateLimit
from local.sendgrid_double.rate_limit import RateLimiter, Usage
from tests.sendgrid_double.support import NOW
from tests.support.clock import FakeClock

ENDPOINT = "DELETE /v3/marketing/contacts"


@given(
    st.integers(1, 5),
    st.floats(0.5, 60),
    st.sampled_from(["epoch", "seconds"]),
    st.lists(st.floats(0, 20), max_size=50),
    st.booleans(),
)
def test_who_stops_at_zero_until_the_reset_never_exceeds_the_limit(
    limit: int, window_seconds: float, reset: Any, pauses: list[float], aligned: bool
) -> None:
    clock = FakeClock(NOW)
    rate_limit = RateLimit(limit=limit, window_seconds=window_seconds, reset=reset, aligned=aligned)
    limiter = RateLimiter(clock, rate_limit)
    for pause in pauses:
        clock.advance(pause)
        allowance = limiter.take(ENDPOINT)
        assert not allowance.exceeded
        if allowance.headers["X-RateLimit-Remaining"] == "0":
            shown = float(allowance.headers["X-RateLimit-Reset"])
            clock.advance(shown - clock() if reset == "epoch" else shown)


@given(st.integers(1, 5), st.integers(1, 20))
def test_within_a_window_the_limit_is_allowed_and_the_rest_is_not(limit: int, calls: int) -> None:
    limiter = RateLimiter(FakeClock(NOW), RateLimit(limit=limit, window_seconds=60))
    allowances = [limiter.take(ENDPOINT) for _ in range(calls)]
    assert [allowance.exceeded for allowance in allowances] == [number >= limit for number in range(calls)]
    remaining = [int(allowance.headers["X-RateLimit-Remaining"]) for allowance in allowances]
    assert remaining == [max(0, limit - 1 - number) for number in range(calls)]
    assert {allowance.headers["X-RateLimit-Limit"] for allowance in allowances} == {str(limit)}


@pytest.mark.parametrize(("reset", "shown"), [("epoch", "1800000060"), ("seconds", "60")])
def test_reset_is_in_the_format_chosen(reset: Any, shown: str) -> None:
    limiter = RateLimiter(FakeClock(NOW), RateLimit(limit=1, window_seconds=59.5, reset=reset))
    assert limiter.take(ENDPOINT).headers["X-RateLimit-Reset"] == shown


def test_an_endpoint_may_have_a_limit_of_its_own() -> None:
    limiter = RateLimiter(FakeClock(NOW), OBSERVED)
    limits = {
        endpoint: limiter.take(endpoint).headers["X-RateLimit-Limit"]
        for endpoint in ("GET /v3/marketing/contacts", "POST /v3/marketing/contacts/search/emails")
    }
    assert list(limits.values()) == ["600", "200"]


def test_first_limit_that_matches_counts() -> None:
    limit = RateLimit(limit=9, window_seconds=60, by_endpoint={"DELETE *": 1, ENDPOINT: 5})
    limiter = RateLimiter(FakeClock(NOW), limit)
    assert [limiter.take(ENDPOINT).exceeded for _ in range(2)] == [False, True]
    assert not limiter.take("GET /v3/marketing/contacts/count").exceeded


def test_aligned_windows_end_on_the_full_minute() -> None:
    clock = FakeClock(NOW + 47.5)
    limiter = RateLimiter(clock, RateLimit(limit=1, window_seconds=60, reset="seconds", aligned=True))
    assert limiter.take(ENDPOINT).headers["X-RateLimit-Reset"] == "13"
    assert limiter.take(ENDPOINT).exceeded
    clock.advance(12.5)
    assert limiter.take(ENDPOINT).headers["X-RateLimit-Reset"] == "60"


@pytest.mark.parametrize(
    "wrong", [{"limit": 0}, {"window_seconds": 0}, {"reset": "never"}, {"by_endpoint": {"GET *": 0}}]
)
def test_a_senseless_limit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rate limit"):
        RateLimit(**({"limit": 1, "window_seconds": 1.0} | wrong))


def test_usage_is_that_of_the_open_window_and_of_one_endpoint() -> None:
    clock = FakeClock(NOW)
    limiter = RateLimiter(clock, RateLimit(limit=3, window_seconds=60))
    assert limiter.usage(ENDPOINT) is None
    for endpoint in (ENDPOINT, ENDPOINT, "GET /v3/marketing/contacts"):
        limiter.take(endpoint)
    assert limiter.usage(ENDPOINT) == Usage(calls=2, limit=3, ends_at=NOW + 60)
    clock.advance(60)
    assert limiter.usage(ENDPOINT) is None


def test_without_a_limit_there_is_neither_header_nor_usage() -> None:
    limiter = RateLimiter(FakeClock(NOW), None)
    allowances = [limiter.take(ENDPOINT) for _ in range(3)]
    assert all(not allowance.exceeded and allowance.headers == {} for allowance in allowances)
    assert limiter.usage(ENDPOINT) is None
