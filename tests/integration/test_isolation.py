"""A job, or a look-up, that SendGrid never answers delays nothing but itself."""

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
)
from tests.support.clock import FakeClock
from tests.support.events import sqs_event, status_check
from tests.support.world import STATUS_QUEUE, World

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
    """Takes 20 seconds for the status of each job."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        if "/imports/" in request.path_url:
            self._clock.advance(20)
        return super().send(request, *args, **more)


def never_answered(world: World, messages: list[dict[str, Any]], status: int = 500) -> None:
    """Of the jobs of these messages SendGrid says nothing from now on."""
    bad = {job_id for message in messages for job_id in message["job_ids"]}
    world.runtime.session.mount("http://", BadJobs(bad, status))


def receives(world: World, messages: list[dict[str, Any]]) -> int:
    """Delivers the messages until every job that SendGrid answers for has ended; says how often it took."""
    batch = sqs_event(*messages, queue=STATUS_QUEUE)
    for times in range(1, 200):
        stays = {one["itemIdentifier"] for one in world.deletion_status(batch)["batchItemFailures"]}
        batch = {"Records": [record for record in batch["Records"] if record["messageId"] in stays]}
        if len(stays) <= len(messages) // 5:
            return times
    raise AssertionError("some job is never asked for")


@pytest.mark.parametrize("status", BAD_STATUSES)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_job_whose_status_is_never_answered_delays_no_other(world: World, status: int, place: int) -> None:
    messages = [followed(world, ending=None, name=f"order-{number}") for number in range(5)]
    world.jobs_end()
    never_answered(world, [messages[place]], status)

    assert receives(world, messages) == 1

    assert kinds(world) == {f"order-{number}": "Completed" for number in range(5) if number != place}


def test_several_such_jobs_delay_others_by_few_receives(world: World) -> None:
    """They are the first of their batch each time."""
    messages = [followed(world, ending=None, name=f"order-{number}") for number in range(20)]
    world.jobs_end()
    never_answered(world, messages[:4])

    receives(world, messages)

    assert kinds(world) == {f"order-{number}": "Completed" for number in range(4, 20)}


def test_where_a_job_is_never_answered_for_the_contacts_decide_after_a_day(world: World) -> None:
    gone, stays = (
        followed(world, ending=ending, name=name) for ending, name in [(None, "gone"), ("failed", "stays")]
    )
    never_answered(world, [gone, stays])
    world.clock.advance(24 * HOUR + 1)

    assert world.deletion_status(sqs_event(gone, stays, queue=STATUS_QUEUE)) == GOES

    told = ends(world)
    assert (told["gone"]["kind"], told["stays"]["kind"]) == ("Completed", "Failed")
    assert told["stays"]["message"] == (
        "SendGrid did not answer for the job; 1 of the request's contacts are still there"
    )


@pytest.mark.parametrize(("ending", "kind"), [(None, "Completed"), ("failed", "Failed")])
def test_jobs_that_the_rate_limit_never_lets_be_asked_for_leave_it_to_the_contacts_after_a_day(
    world: World, ending: str | None, kind: str
) -> None:
    """An invocation asks for two of the three."""
    limit = RateLimit(limit=600, window_seconds=900, by_endpoint={f"GET {JOB_ROUTE}": 2})
    world.double.rate_limiter.configure(limit)
    jobs = [followed(world, ending=ending, name=f"order-{number}") for number in range(3)]
    ids = [one for job in jobs for one in job["requests"][0]["contact_ids"]]
    job_ids = [job_id for job in jobs for job_id in job["job_ids"]]
    message = status_check(job_ids, {"request_id": "order", "contact_ids": ids}, accepted_at=world.now())
    batch = sqs_event(message, queue=STATUS_QUEUE)
    world.clock.advance(23 * HOUR)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(HOUR)

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order": kind}


def test_contacts_that_the_rate_limit_never_lets_be_looked_up_are_unchecked_after_a_day(world: World) -> None:
    """An invocation makes two of the three calls."""
    limit = RateLimit(limit=600, window_seconds=900, by_endpoint={f"POST {LOOK_UP_ROUTE}": 2})
    world.double.rate_limiter.configure(limit)
    world.change_settings(contact_verification="always")
    message = followed(world, ending=None, name="order", number=300)
    batch = sqs_event(message, queue=STATUS_QUEUE)
    world.clock.advance(23 * HOUR)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(HOUR)

    assert world.deletion_status(batch) == GOES

    event = ends(world)["order"]
    assert event["kind"] == "Unknown"
    assert event["unchecked_contacts"]["count"] == 100
    assert event["message"].endswith("SendGrid refused to look up 100 of the request's contacts")


def test_a_request_of_many_jobs_leaves_time_for_its_contacts(world: World) -> None:
    """Each of the jobs takes 20 seconds: an invocation has no time to ask for all."""
    jobs = [followed(world, ending=None, name=f"order-{number}") for number in range(20)]
    ids = [one for job in jobs for one in job["requests"][0]["contact_ids"]]
    job_ids = [job_id for job in jobs for job_id in job["job_ids"]]
    message = status_check(job_ids, {"request_id": "order", "contact_ids": ids}, accepted_at=world.now())
    world.runtime.session.mount("http://", SlowJobs(world.clock))
    world.clock.advance(24 * HOUR)

    assert world.deletion_status(sqs_event(message, queue=STATUS_QUEUE)) == GOES

    assert kinds(world) == {"order": "Completed"}


def test_where_nothing_can_be_looked_up_the_outcome_is_unknown_after_a_day(world: World) -> None:
    message = status_check(["job"], {"request_id": "run"}, accepted_at=world.now())
    never_answered(world, [message])
    world.clock.advance(24 * HOUR + 1)

    assert world.deletion_status(sqs_event(message, queue=STATUS_QUEUE)) == GOES

    event = ends(world)["run"]
    assert (event["kind"], event["message"]) == ("Unknown", "SendGrid did not answer for the job")


def test_look_up_that_is_not_answered_delays_no_other(world: World) -> None:
    messages = [followed(world, ending="failed", name=f"order-{number}", number=100) for number in range(3)]
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=500))

    response = world.deletion_status(sqs_event(*messages, queue=STATUS_QUEUE))

    assert kinds(world) == {"order-1": "Failed", "order-2": "Failed"}
    assert len(response["batchItemFailures"]) == 1


def test_outage_costs_two_look_ups(world: World) -> None:
    messages = [followed(world, ending="failed", name=f"order-{number}", number=100) for number in range(5)]
    world.jobs_end()
    world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=503, times=100))

    world.deletion_status(sqs_event(*messages, queue=STATUS_QUEUE))

    assert len(world.contact_looks()) == 2
    assert kinds(world) == {}


def test_after_a_refused_key_nothing_else_is_asked(world: World) -> None:
    messages = [followed(world, ending=None, name=f"order-{number}") for number in range(5)]
    world.jobs_end()
    world.double.faults.add(Fault(route=JOB_ROUTE))
    world.double.faults.add(Fault(route=JOB_ROUTE, status=403))

    world.deletion_status(sqs_event(*messages, queue=STATUS_QUEUE))

    assert len(world.job_looks()) == 2
    assert len(kinds(world)) == 1
