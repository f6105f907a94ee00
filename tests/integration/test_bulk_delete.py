"""Bulk deletion, through its handler."""

import itertools
import json
import threading
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_deletion.errors import (
    RateLimited,
    SendGridRefused,
    SendGridUnavailable,
)
from local.sendgrid_double import Fault, RateLimit
from tests.integration.bulk import contacts, event, failed, refused_at_once
from tests.support.events import bulk_delete, contact_id
from tests.support.world import World, new_world


def calls_of(count: int) -> dict[str, Any]:
    """A request of so many full calls."""
    return bulk_delete([contact_id(number) for number in range(204 * count)])


# -------------------------------------------------------------------------------------------- one request, one answer


def test_a_direct_invocation_answers_with_the_job(world: World) -> None:
    doomed = [world.new_contact() for _ in range(3)]
    kept = world.new_contact()

    response = world.bulk_delete(bulk_delete(doomed, request_id="purge-1"))

    (job,) = world.double.account.jobs()
    assert response == {
        "status": "accepted",
        "request_id": "purge-1",
        "job_ids": [job.id],
        "contact_count": 3,
        "replayed": False,
    }
    world.jobs_end()
    assert world.double.account.contact_ids() == {kept}


def test_a_message_and_a_workflow_may_send_the_same_request(world: World) -> None:
    request = bulk_delete([world.new_contact()], request_id="both")
    world.bulk_delete(event(request))
    response = world.bulk_delete(request)
    assert response["replayed"]
    assert len(world.deletions()) == 1


# -------------------------------------------------------------------------------------------- coalescing


def test_two_full_batches_of_one_contact_a_message_cost_ten_calls(world: World) -> None:
    ids = [contact_id(number) for number in range(2_000)]

    for start in range(0, len(ids), 1000):
        batch = event(*(bulk_delete([each]) for each in ids[start : start + 1000]))
        assert world.bulk_delete(batch) == {"batchItemFailures": []}

    assert len(world.deletions()) <= 10
    assert Counter(each for call in world.deletions() for each in call.ids) == Counter(ids)


def test_an_id_that_several_messages_name_is_sent_once(world: World) -> None:
    shared, own = contact_id(1), contact_id(2)
    world.bulk_delete(event(bulk_delete([shared]), bulk_delete([shared, own]), bulk_delete([own, shared])))
    assert [request.ids for request in world.deletions()] == [(shared, own)]


def test_every_request_gets_the_jobs_of_the_calls_with_its_ids(world: World) -> None:
    ids = [contact_id(number) for number in range(300)]
    world.bulk_delete(event(bulk_delete(ids), bulk_delete(ids[:1]), bulk_delete(ids[-1:])))
    first, second = (job.id for job in world.double.account.jobs())
    assert [line["job_ids"] for line in world.outcomes()] == [[first, second], [first], [second]]


@settings(max_examples=15)
@given(
    st.lists(
        st.one_of(
            st.lists(st.integers(0, 40), min_size=1, max_size=12).map(
                lambda numbers: bulk_delete([contact_id(number) for number in numbers])
            ),
            st.sampled_from(["not JSON", {"contact_ids": []}, {"ids": []}, [], None, {"contact_ids": ["x"]}]),
        ),
        max_size=12,
    ),
    st.sets(st.integers(0, 40), max_size=3),
    st.lists(st.sampled_from([500, 400, 404, 414, 403, 429]), max_size=3),
)
def test_every_message_of_any_batch_gets_exactly_one_outcome(
    requests: list[object], poisoned: set[int], faults: list[int]
) -> None:
    with new_world() as world:
        world.double.poison_ids = {contact_id(number) for number in poisoned}
        for status in faults:
            world.double.faults.add(Fault(status=status))

        response = world.bulk_delete(event(*requests))

        kept_back = failed(response)
        dead = [letter["body"] for letter in world.dead_letters()]
        done = [line["message_id"] for line in world.outcomes() if line["message"] == "request accepted"]
        assert len(kept_back) + len(dead) + len(done) == len(requests)
        assert len(world.outcomes()) == len(requests)
        asked_for = {
            each
            for request in requests
            if isinstance(request, dict)
            for each in request.get("contact_ids", ())
        }
        assert {each for call in world.deletions() for each in call.ids} <= asked_for
        assert all("delete_all_contacts" not in call.target for call in world.double.requests)


# -------------------------------------------------------------------------------------------- refusals


@settings(max_examples=15)
@given(
    st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True), min_size=1, max_size=12),
    st.sets(st.integers(0, 60), max_size=3),
)
def test_exactly_the_requests_with_a_bad_id_are_refused(requests: list[list[int]], bad: set[int]) -> None:
    with new_world() as world:
        refused_at_once(world)
        contacts(world, 61)
        world.double.poison_ids = {contact_id(number) for number in bad}
        bodies = [bulk_delete([contact_id(number) for number in numbers]) for numbers in requests]

        assert world.bulk_delete(event(*bodies)) == {"batchItemFailures": []}

        culprits = [json.dumps(body) for body in bodies if world.double.poison_ids & set(body["contact_ids"])]
        assert sorted(letter["body"] for letter in world.dead_letters()) == sorted(culprits)
        done = {each for call in world.deletions() if call.status == 202 for each in call.ids}
        assert done >= {
            each for body in bodies if json.dumps(body) not in culprits for each in body["contact_ids"]
        }
        assert not done & world.double.poison_ids


@pytest.mark.parametrize(
    ("count", "bad"),
    [(100, {37}), (9, {0, 3, 6}), (30, {0, 1, 2})],
    ids=["one", "one in each part", "several in one part"],
)
def test_bad_ids_do_not_sink_the_other_requests_of_their_call(
    world: World, count: int, bad: set[int]
) -> None:
    refused_at_once(world)
    ids = contacts(world, count)
    world.double.poison_ids = {ids[number] for number in bad}

    response = world.bulk_delete(event(*(bulk_delete([contact_id]) for contact_id in ids)))

    assert response == {"batchItemFailures": []}
    letters = world.dead_letters()
    assert {json.loads(letter["body"])["contact_ids"][0] for letter in letters} == world.double.poison_ids
    assert {letter["ErrorCode"] for letter in letters} == {"SendGridRefused"}
    accepted = {contact_id for call in world.deletions() if call.status == 202 for contact_id in call.ids}
    assert accepted == set(ids) - world.double.poison_ids


def test_a_404_is_divided_too_since_the_response_to_an_unknown_id_is_not_documented(world: World) -> None:
    world.double.faults.add(Fault(status=404))
    response = world.bulk_delete(event(*(bulk_delete([contact]) for contact in contacts(world, 2))))
    assert response == {"batchItemFailures": []}
    assert world.dead_letters() == []
    assert [call.status for call in world.deletions()] == [404, 202, 202]


def test_a_request_refused_in_part_keeps_the_jobs_of_its_other_calls(world: World) -> None:
    refused_at_once(world)
    ids = contacts(world, 300)
    world.double.poison_ids = {ids[0]}

    with pytest.raises(SendGridRefused) as refusal:
        world.bulk_delete(bulk_delete(ids))

    assert set(refusal.value.job_ids) == {job.id for job in world.double.account.jobs()}
    world.jobs_end()
    assert world.double.account.contact_ids() == {ids[0]}


def test_event_of_a_request_refused_in_part_names_its_jobs(world: World) -> None:
    refused_at_once(world)
    ids = contacts(world, 300)
    world.double.poison_ids = {ids[0]}

    world.bulk_delete(event(bulk_delete(ids)))

    (rejected,) = world.outcome_events()
    assert rejected["code"] == "SendGridRefused"
    assert set(rejected["job_ids"]) == {job.id for job in world.double.account.jobs()} != set()


def test_a_single_id_that_is_too_long_is_refused(world: World) -> None:
    world.double.max_target_length = 10
    with pytest.raises(SendGridRefused, match="414"):
        world.bulk_delete(bulk_delete([contact_id(1)]))


# -------------------------------------------------------------------------------------------- outages and limits


@pytest.mark.parametrize(("status", "code"), [(503, "SendGridUnavailable"), (401, "SendGridUnauthorized")])
def test_after_outage_rest_of_batch_is_deferred_unsent(world: World, status: int, code: str) -> None:
    world.double.faults.add(Fault(status=status, times=100))
    response = world.bulk_delete(event(*(bulk_delete([contact_id(number)]) for number in range(300))))
    assert len(failed(response)) == 300
    assert len(world.deletions()) == 1
    assert {line["code"] for line in world.outcomes()} == {code}


def test_what_was_accepted_before_an_outage_stays_accepted(world: World) -> None:
    ids = calls_of(2)["contact_ids"]
    batch = event(bulk_delete(ids[:204]), bulk_delete(ids[204:]))
    world.double.faults.add(Fault(method="DELETE"))
    world.double.faults.add(Fault(method="DELETE", status=503))

    assert failed(world.bulk_delete(batch)) == [2]

    assert world.bulk_delete(batch) == {"batchItemFailures": []}
    assert [call.status for call in world.deletions()] == [202, 503, 202]


def test_after_the_first_call_of_a_window_calls_go_side_by_side(world: World) -> None:
    """The second and the third wait for each other, which they could not do one after the other."""
    meeting = threading.Barrier(2, timeout=120)

    def meet(_: float) -> None:
        meeting.wait()

    world.double.sleep = meet
    world.double.faults.add(Fault())
    world.double.faults.add(Fault(delay_seconds=1, times=2))

    response = world.bulk_delete(calls_of(3))

    assert len(response["job_ids"]) == 3
    assert not meeting.broken


def test_a_call_that_ends_makes_room_for_the_next_whatever_the_others_do(world: World) -> None:
    """One of the first eight waits for the ninth, which begins when any of the eight has ended."""
    ninth_began = threading.Event()
    seen: list[bool] = []
    slow, ninth = 1.0, 2.0

    def delay(seconds: float) -> None:
        if seconds == slow:
            seen.append(ninth_began.wait(timeout=120))
        else:
            ninth_began.set()

    world.double.sleep = delay
    world.double.faults.add(Fault())  # goes alone
    world.double.faults.add(Fault(delay_seconds=slow))
    world.double.faults.add(Fault(times=7))
    world.double.faults.add(Fault(delay_seconds=ninth))

    world.bulk_delete(calls_of(10))

    assert seen == [True]


def test_an_invocation_that_breaks_off_leaves_no_call_under_way(world: World) -> None:
    """Lambda freezes the process when an invocation ends, and the call would go on in the next one."""
    reaching, numbers = world.runtime.session.request, itertools.count(1)
    broken, over = threading.Event(), threading.Event()
    seen: list[bool] = []

    def request(method: str, url: str, **more: Any) -> Any:
        number = next(numbers)
        if number == 2:
            broken.set()
            raise MemoryError
        if number == 3:
            broken.wait(timeout=120)
            seen.append(over.wait(timeout=0.2))
        return reaching(method, url, **more)

    with patch.object(world.runtime.session, "request", request), pytest.raises(MemoryError):
        world.bulk_delete(calls_of(3))
    over.set()

    assert seen == [False]


def test_the_rate_limit_is_kept_before_a_429_and_waited_for_in_place(world: World) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=4, window_seconds=10))
    response = world.bulk_delete(calls_of(10))
    assert len(response["job_ids"]) == 10
    assert 429 not in [call.status for call in world.deletions()]
    assert len(world.clock.slept) == 2


@pytest.mark.parametrize("reset", ["epoch", "seconds"])
def test_a_429_waits_for_the_reset_in_either_format(world: World, reset: str) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=10, reset=reset))  # type: ignore[arg-type]
    world.bulk_delete(bulk_delete([contact_id(1)]))
    world.restart()  # another environment has spent the window: this one learns of it by a 429

    response = world.bulk_delete(bulk_delete([contact_id(2)]))

    assert response["status"] == "accepted"
    assert [call.status for call in world.deletions()] == [202, 429, 202]


def test_without_the_time_to_wait_the_rest_is_deferred_until_the_reset(world: World) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=2, window_seconds=600))

    response = world.bulk_delete(event(*(bulk_delete([contact_id(number)]) for number in range(204 * 4))))

    assert len(failed(response)) == 204 * 2
    deferred = [line for line in world.outcomes() if line.get("code") == "RateLimited"]
    assert len(deferred) == 204 * 2
    with pytest.raises(RateLimited) as limited:
        world.bulk_delete(bulk_delete([contact_id(5000)]))
    assert 590 < limited.value.retry_after < 602


def test_no_call_is_begun_that_might_outlast_the_invocation(world: World) -> None:
    world.context.remaining_seconds = 30
    with pytest.raises(SendGridUnavailable, match="no time left"):
        world.bulk_delete(bulk_delete([contact_id(1)]))
    assert world.deletions() == []


def test_a_request_with_a_call_worth_retrying_is_retried_whatever_became_of_its_others(world: World) -> None:
    ids = contacts(world, 300)
    world.double.poison_ids = {ids[0]}
    world.double.faults.add(Fault(method="DELETE", containing=ids[-1], status=503, times=99))
    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(bulk_delete(ids))


# -------------------------------------------------------------------------------------------- the answers it cannot use


@pytest.mark.parametrize(
    "fault",
    [
        *(
            Fault(status=202, body=body, takes_effect=True)
            for body in ({"job_id": {"id": "x"}}, {}, "<html>")
        ),
        *(Fault(status=502), Fault(truncate=True), Fault(drop=True), Fault(drop=True, takes_effect=True)),
        Fault(status=302, headers={"Location": "http://127.0.0.1:1/"}),
    ],
    ids=repr,
)
def test_an_answer_that_is_not_what_was_promised_is_retried_later(world: World, fault: Fault) -> None:
    world.double.faults.add(fault)
    doomed = world.new_contact()

    assert failed(world.bulk_delete(event(bulk_delete([doomed])))) == [1]

    assert world.ledger() == []
    assert world.bulk_delete(event(bulk_delete([doomed]))) == {"batchItemFailures": []}
    world.jobs_end()
    assert doomed not in world.double.account
