"""A job, or a lookup, that SendGrid never answers delays nothing but itself."""

from threading import Barrier, Lock
from typing import Any

import pytest
import requests

from local.sendgrid_double import Fault, RateLimit
from tests.integration.job_status import (
    GOES,
    HOUR,
    JOB_ROUTE,
    LOOK_UP_ROUTE,
    STAYS,
    ends,
    followed,
    kinds,
    status_batch,
)
from tests.support.clock import FakeClock
from tests.support.events import status_check
from tests.support.world import World

BAD_STATUSES = [500, 502, 503, 504, 520]


class BadJobs(requests.adapters.HTTPAdapter):
    """Answers for some jobs with an error of the server's, always."""

    def __init__(self, job_ids: set[str], status: int) -> None:
        super().__init__()
        self._job_ids = job_ids
        self._status = status

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        response = super().send(request, *args, **more)
        if request.path_url.rpartition("/")[2] in self._job_ids:
            response.status_code = self._status
        return response


class SlowJobs(requests.adapters.HTTPAdapter):
    """Takes 20 seconds for the status of each job, and as long for several at once."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self._lock = Lock()

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        ends_at = self._clock() + 20
        response = super().send(request, *args, **more)
        with self._lock:
            if "/imports/" in request.path_url and self._clock() < ends_at:
                self._clock.advance(ends_at - self._clock())
        return response


def orders(world: World, count: int, *, ending: Any = None, number: int = 1) -> list[dict[str, Any]]:
    """The messages about so many requests, order-0 and so on, each with a job of its own that has ended."""
    messages = [followed(world, ending=ending, name=f"order-{n}", number=number) for n in range(count)]
    world.jobs_end()
    return messages


def order_of_jobs(world: World, count: int, *, ending: Any = None) -> dict[str, Any]:
    """The message about one request of so many jobs, each of a contact."""
    jobs = [followed(world, ending=ending, name=f"order-{number}") for number in range(count)]
    ids = [each for job in jobs for each in job["requests"][0]["contact_ids"]]
    job_ids = [job_id for job in jobs for job_id in job["job_ids"]]
    return status_check(job_ids, {"request_id": "order", "contact_ids": ids}, accepted_at=world.now())


def limit_calls(world: World, endpoint: str, calls: int) -> None:
    limit = RateLimit(limit=600, window_seconds=900, by_endpoint={endpoint: calls})
    world.double.rate_limiter.configure(limit)


def never_reported(world: World, messages: list[dict[str, Any]], status: int = 500) -> None:
    """Of the jobs of these messages SendGrid says nothing from now on."""
    bad = {job_id for message in messages for job_id in message["job_ids"]}
    world.runtime.session.mount("http://", BadJobs(bad, status))


def test_after_the_first_poll_of_a_window_jobs_are_polled_side_by_side(world: World) -> None:
    """The second and the third wait for each other, which they could not do one after the other."""
    meeting = Barrier(2, timeout=120)

    def meet(_: float) -> None:
        meeting.wait()

    messages = orders(world, 3)
    world.double.sleep = meet
    world.double.faults.add(Fault())
    world.double.faults.add(Fault(delay_seconds=1, times=2))

    assert world.deletion_status(status_batch(*messages)) == GOES

    assert not meeting.broken
    assert set(kinds(world).values()) == {"Completed"}


def test_polls_wait_for_the_next_window_of_the_rate_limit(world: World) -> None:
    messages = orders(world, 5)
    limit = RateLimit(limit=600, window_seconds=10, by_endpoint={f"GET {JOB_ROUTE}": 2})
    world.double.rate_limiter.configure(limit)

    assert world.deletion_status(status_batch(*messages)) == GOES

    assert set(kinds(world).values()) == {"Completed"}
    polls = [call.status for call in world.double.requests if call.route == JOB_ROUTE]
    assert polls == [200] * 5
    assert len(world.clock.slept) == 2


def test_poll_that_another_consumer_of_the_limit_preempted_is_made_again(world: World) -> None:
    messages = orders(world, 2)
    world.double.faults.add(Fault(route=JOB_ROUTE, status=429, headers={"X-RateLimit-Reset": "5"}))

    assert world.deletion_status(status_batch(*messages)) == GOES

    assert set(kinds(world).values()) == {"Completed"}


@pytest.mark.parametrize("status", BAD_STATUSES)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_job_whose_status_is_never_answered_delays_no_other(world: World, status: int, place: int) -> None:
    messages = orders(world, 5)
    never_reported(world, [messages[place]], status)
    response = world.deletion_status(status_batch(*messages))
    assert len(response["batchItemFailures"]) == 1
    assert kinds(world) == {f"order-{number}": "Completed" for number in range(5) if number != place}


def test_where_a_job_is_never_answered_for_the_contacts_decide_after_a_day(world: World) -> None:
    gone, stays = (
        followed(world, ending=ending, name=name) for ending, name in [(None, "gone"), ("failed", "stays")]
    )
    names_none = status_check(["job"], {"request_id": "names-none"}, accepted_at=world.now())
    never_reported(world, [gone, stays, names_none])
    world.clock.advance(24 * HOUR + 1)

    assert world.deletion_status(status_batch(gone, stays, names_none)) == GOES

    reported = {name: (event["kind"], event["message"]) for name, event in ends(world).items()}
    unanswered = "SendGrid did not report the job's status"
    assert reported == {
        "gone": ("Completed", ""),
        "stays": ("Failed", f"{unanswered}; 1 of the request's contacts are still there"),
        "names-none": ("Unknown", unanswered),
    }


@pytest.mark.parametrize(("ending", "kind"), [(None, "Completed"), ("failed", "Failed")])
def test_jobs_that_the_rate_limit_never_lets_be_asked_for_leave_it_to_the_contacts_after_a_day(
    world: World, ending: str | None, kind: str
) -> None:
    """An invocation asks for two of the three."""
    limit_calls(world, f"GET {JOB_ROUTE}", 2)
    batch = status_batch(order_of_jobs(world, 3, ending=ending))
    world.clock.advance(23 * HOUR)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(HOUR)

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order": kind}


def test_contacts_that_the_rate_limit_never_lets_be_looked_up_are_unchecked_after_a_day(world: World) -> None:
    """An invocation makes two of the three calls."""
    limit_calls(world, f"POST {LOOK_UP_ROUTE}", 2)
    world.change_settings(contact_verification="always")
    batch = status_batch(followed(world, ending=None, name="order", number=300))
    world.clock.advance(23 * HOUR)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(HOUR)

    assert world.deletion_status(batch) == GOES

    event = ends(world)["order"]
    assert event["kind"] == "Unknown"
    assert event["unchecked_contacts"]["count"] == 100
    assert event["message"].endswith("SendGrid refused to look up 100 of the request's contacts")


def test_a_request_of_many_jobs_leaves_time_for_its_contacts(world: World) -> None:
    """Each poll takes 20 seconds, and eight at once as long: an invocation has no time for all."""
    message = order_of_jobs(world, 120)
    world.runtime.session.mount("http://", SlowJobs(world.clock))
    world.clock.advance(24 * HOUR)

    assert world.deletion_status(status_batch(message)) == GOES

    assert kinds(world) == {"order": "Completed"}


def test_look_up_that_is_not_answered_delays_no_other(world: World) -> None:
    messages = orders(world, 3, ending="failed", number=100)
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=500))
    response = world.deletion_status(status_batch(*messages))
    assert kinds(world) == {"order-1": "Failed", "order-2": "Failed"}
    assert len(response["batchItemFailures"]) == 1
