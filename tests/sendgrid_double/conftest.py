from collections.abc import Iterator

import pytest

from local.sendgrid_double import Account, SendGridDouble, Settings, serve
from tests.sendgrid_double.support import API_KEY, NOW, ApiSession
from tests.support.clock import FakeClock

JOB_DELAY = 30.0
EXPORT_DELAY = 60.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def account(clock: FakeClock) -> Account:
    return Account(clock, Settings(job_delay=JOB_DELAY, export_delay=EXPORT_DELAY))


@pytest.fixture
def naps() -> list[float]:
    """The seconds that the double wanted to wait, instead of waiting."""
    return []


@pytest.fixture
def double(clock: FakeClock, naps: list[float]) -> SendGridDouble:
    return SendGridDouble(
        clock=clock,
        sleep=naps.append,
        job_delay=JOB_DELAY,
        export_delay=EXPORT_DELAY,
        api_keys={API_KEY},
    )


@pytest.fixture
def base_url(double: SendGridDouble) -> Iterator[str]:
    with serve(double) as url:
        yield url


@pytest.fixture
def api(base_url: str) -> Iterator[ApiSession]:
    with ApiSession(base_url) as session:
        yield session
