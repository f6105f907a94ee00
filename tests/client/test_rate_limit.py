"""The client keeps the rate limit; what it knows of a window, `tests/unit/test_rate_limit.py` tests."""

import pytest

from contact_deletion.deadline import Deadline
from contact_deletion.errors import RateLimited, SendGridUnavailable
from contact_deletion.sendgrid.transport import CALL_SECONDS
from local.sendgrid_double import Fault, RateLimit
from local.simulation.context import Context
from tests.client.support import EXPORTS, LOOK_UPS, WAITING, Api, with_each
from tests.support.world import World

WINDOW = 60.0
ROUTES = {
    "delete_contacts": "DELETE /v3/marketing/contacts",
    "delete_all_contacts": "DELETE /v3/marketing/contacts",
    "delete_identifier": "DELETE /v3/marketing/contacts/{contact_id}/identifiers",
    "contact": "GET /v3/marketing/contacts/{contact_id}",
    "contact_count": "GET /v3/marketing/contacts/count",
    "search_identifiers": "POST /v3/marketing/contacts/search/identifiers/{identifier_type}",
    "search_emails": "POST /v3/marketing/contacts/search/emails",
    "existing_contacts": "POST /v3/marketing/contacts/batch",
    "sampled_contacts": "GET /v3/marketing/contacts",
    "job": "GET /v3/marketing/contacts/imports/{job_id}",
    "export": "GET /v3/marketing/contacts/exports/{export_id}",
    "start_export": "POST /v3/marketing/contacts/exports",
}

both_formats = pytest.mark.parametrize("reset", ["epoch", "seconds"])


def limit(world: World, calls: int, reset: str = "epoch") -> None:
    world.double.rate_limiter.configure(RateLimit(limit=calls, window_seconds=WINDOW, reset=reset))  # type: ignore[arg-type]


def others_use_up(world: World, name: str, calls: int) -> None:
    """The limit is the account's: other programs call too."""
    for _ in range(calls):
        world.double.rate_limiter.take(ROUTES[name])


def statuses(world: World) -> list[int | None]:
    return [request.status for request in world.double.requests]


def deadline_in(world: World, seconds: float) -> Deadline:
    return Deadline.of(Context(remaining_seconds=seconds), world.clock)


@both_formats
def test_the_limit_is_kept_before_a_429_says_so(world: World, api: Api, reset: str) -> None:
    limit(world, 3, reset)
    for _ in range(7):
        api.contact_count()
    assert statuses(world) == [200] * 7
    assert sum(world.clock.slept) == pytest.approx(2 * WINDOW, abs=5)
    assert api.client.take_usage().rate_limit_wait_seconds == pytest.approx(sum(world.clock.slept))
    assert api.client.take_usage().rate_limit_wait_seconds == 0


@pytest.mark.parametrize(("name", "reset"), with_each("epoch", "seconds", names=WAITING))
def test_a_429_is_waited_out_while_there_is_time(world: World, api: Api, name: str, reset: str) -> None:
    limit(world, 3, reset)
    others_use_up(world, name, 3)
    api.call(name)
    assert statuses(world) in ([429, 200], [429, 202])
    assert sum(world.clock.slept) == pytest.approx(WINDOW, abs=2)


@pytest.mark.parametrize(
    ("name", "reset", "seconds_left"),
    [
        *((*case, 60) for case in with_each("epoch", "seconds", names=WAITING)),
        # However much time there is, a deletion of contacts never waits itself.
        *((name, "epoch", 300) for name in ("delete_contacts", "delete_all_contacts")),
    ],
)
def test_a_429_is_passed_on_when_there_is_no_time_to_wait(
    world: World, api: Api, name: str, reset: str, seconds_left: float
) -> None:
    limit(world, 3, reset)
    others_use_up(world, name, 3)
    with pytest.raises(RateLimited) as raised:
        api.call(name, deadline_in(world, seconds_left))
    assert raised.value.retry_after == pytest.approx(WINDOW, abs=2)
    assert world.clock.slept == []
    assert statuses(world) == [429]


@pytest.mark.parametrize(
    ("first", "name"),
    [*((name, name) for name in WAITING), ("delete_contacts", "delete_all_contacts")],
)
def test_a_spent_limit_is_passed_on_without_a_call_when_there_is_no_time_to_wait(
    world: World, api: Api, first: str, name: str
) -> None:
    limit(world, 1)
    api.call(first)
    with pytest.raises(RateLimited) as raised:
        api.call(name, deadline_in(world, 60))
    assert raised.value.retry_after == pytest.approx(WINDOW, abs=2)
    assert len(world.double.requests) == 1


def test_a_429_that_does_not_say_when_the_window_ends_is_waited_out(world: World, api: Api) -> None:
    world.double.faults.add(Fault(status=429, times=3))
    assert api.contact_count() == 1
    assert statuses(world) == [429, 429, 429, 200]
    assert len(world.clock.slept) == 3


@pytest.mark.parametrize("name", WAITING)
def test_429_that_says_only_when_to_come_back_is_waited_out_until_then(
    world: World, api: Api, name: str
) -> None:
    world.double.faults.add(Fault(status=429, headers={"Retry-After": "40"}))
    api.call(name)
    assert sum(world.clock.slept) == pytest.approx(40, abs=1)


@pytest.mark.parametrize(("name", "status"), with_each(503, 500, 529))
def test_outage_says_when_to_come_back(world: World, api: Api, name: str, status: int) -> None:
    world.double.faults.add(Fault(status=status, headers={"Retry-After": "240"}))
    with pytest.raises(SendGridUnavailable) as raised:
        api.call(name)
    assert raised.value.retry_after == 240


def test_waiting_for_429s_ends_with_the_invocation(world: World, api: Api) -> None:
    world.double.faults.add(Fault(status=429, times=1_000))
    with pytest.raises(RateLimited):
        api.contact_count()
    assert api.deadline.remaining() > 0


def test_endpoints_have_limits_of_their_own(world: World, api: Api) -> None:
    limit(world, 1)
    for name in ("delete_contacts", "delete_identifier", *LOOK_UPS, *EXPORTS):
        api.call(name)
    assert world.clock.slept == []
    assert statuses(world) == [202] * 2 + [200] * len(LOOK_UPS) + [202] * len(EXPORTS)


def test_deletions_by_ids_and_of_all_share_a_limit(world: World, api: Api) -> None:
    limit(world, 5)
    api.call("delete_contacts")
    api.call("delete_all_contacts")
    free = 0
    while api.client.deletion_limit.try_acquire():
        free += 1
    assert free == 3


@pytest.mark.parametrize("name", WAITING)
def test_no_call_is_begun_that_might_not_end_in_time(world: World, api: Api, name: str) -> None:
    with pytest.raises(SendGridUnavailable, match="no time left") as raised:
        api.call(name, deadline_in(world, CALL_SECONDS))
    assert not raised.value.maybe_received
    assert world.double.requests == []
