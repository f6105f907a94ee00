"""An ID for which SendGrid answers 5xx, call after call, and outages, in which every call is answered so."""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest

from contact_deletion.deletion.bulk import OUTAGE
from contact_deletion.errors import SendGridUnavailable
from local.sendgrid_double import Fault
from tests.integration.bulk import accepted_ids, event, failed
from tests.support.events import bulk_delete, contact_id
from tests.support.world import World


def fails_on(world: World, *contact_ids: str, status: int = 503) -> None:
    for each in contact_ids:
        world.double.faults.add(Fault(method="DELETE", containing=each, status=status, times=999))


def singles(numbers: range) -> list[dict[str, object]]:
    return [bulk_delete([contact_id(number)]) for number in numbers]


def vary_jitter(world: World) -> None:
    """From now on each draw of jitter is another."""
    draws = iter(range(10))
    world.runtime = replace(
        world.runtime, jitter=lambda least, most: least + (most - least) * next(draws) / 10
    )
    world.restart()


def test_from_the_second_receive_on_a_failing_id_delays_nothing_but_itself(world: World) -> None:
    fails_on(world, contact_id(77))
    messages = singles(range(500))
    assert len(failed(world.bulk_delete(event(*messages)))) == 500
    assert len(world.deletions()) == 1, "on the first receive it is an outage"

    response = world.bulk_delete(event(*messages, receive_count=2))

    assert failed(response) == [78]
    assert set(accepted_ids(world)) == {contact_id(number) for number in range(500) if number != 77}


def test_a_failing_id_of_a_large_request_is_all_that_is_left_of_it(world: World) -> None:
    ids = [contact_id(number) for number in range(1_000)]
    fails_on(world, ids[500])

    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(bulk_delete(ids))

    assert sorted(accepted_ids(world)) == sorted(set(ids) - {ids[500]})
    before = len(world.deletions())
    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(bulk_delete(ids))
    assert [call.ids for call in world.deletions()[before:]] == [(ids[500],)]


@pytest.mark.parametrize("status", [500, 503, 520])
def test_a_batch_with_one_message_that_was_received_before_is_divided(world: World, status: int) -> None:
    fails_on(world, contact_id(0), status=status)
    batch = event(*singles(range(10)))
    records = batch["Records"]
    assert isinstance(records, list)
    records[0]["attributes"]["ApproximateReceiveCount"] = "2"

    assert failed(world.bulk_delete(batch)) == [1]


def test_one_call_in_twenty_that_fails_costs_no_attempt(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", times=19))
    world.double.faults.add(Fault(method="DELETE", status=503))
    response = world.bulk_delete(bulk_delete([contact_id(number) for number in range(10_000)]))
    assert response["contact_count"] == 10_000
    assert len(response["job_ids"]) == 51


@pytest.mark.parametrize(
    ("faults", "calls"),
    [
        pytest.param([Fault(method="GET", status=401, times=999)], (1, 1), id="of the key"),
        pytest.param([Fault(method="GET", status=503, times=999)], (1, 1), id="of everything"),
        pytest.param([], (OUTAGE, 1), id="of deletions alone"),
    ],
)
def test_an_outage_costs_few_deletions_and_one_other_call(
    world: World, faults: list[Fault], calls: tuple[int, int]
) -> None:
    for fault in [Fault(method="DELETE", status=503, times=999), *faults]:
        world.double.faults.add(fault)

    response = world.bulk_delete(event(*singles(range(1_000)), receive_count=2))

    assert len(failed(response)) == 1_000
    methods = [call.method for call in world.double.requests]
    assert (methods.count("DELETE"), methods.count("GET")) == calls
    assert OUTAGE == 3


def test_halves_of_a_failed_call_go_one_after_the_other(world: World) -> None:
    """Side by side they would meet."""
    meeting, met = threading.Barrier(2, timeout=0.5), []

    def meet(_: float) -> None:
        with suppress(threading.BrokenBarrierError):
            met.append(meeting.wait())

    world.double.sleep = meet
    for fault in [Fault(), Fault(status=503), Fault(delay_seconds=1, times=2)]:
        world.double.faults.add(replace(fault, method="DELETE"))

    response = world.bulk_delete(event(*singles(range(300)), receive_count=2))

    assert response == {"batchItemFailures": []}
    assert [call.status for call in world.deletions()] == [202, 503, 202, 202]
    assert not met


@pytest.mark.parametrize("status", [400, 429])
def test_a_refused_count_shows_too_that_sendgrid_answers(world: World, status: int) -> None:
    world.double.faults.add(Fault(method="GET", status=status, headers={"X-RateLimit-Reset": "800"}))
    world.double.faults.add(Fault(method="DELETE", status=503))
    assert world.bulk_delete(event(*singles(range(10)), receive_count=2)) == {"batchItemFailures": []}


def test_a_connection_that_breaks_is_not_divided(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", drop=True, times=999))
    response = world.bulk_delete(event(*singles(range(100)), receive_count=2))
    assert len(failed(response)) == 100
    assert len(world.deletions()) == 1


def test_the_parts_of_what_failed_come_back_at_different_times(
    world: World, visibility_timeouts: list[int]
) -> None:
    vary_jitter(world)
    fails_on(world, contact_id(0), contact_id(99))
    response = world.bulk_delete(event(*singles(range(100)), receive_count=9))
    assert len(failed(response)) == 100
    assert sorted(Counter(visibility_timeouts).values()) == [25, 25, 50]


def test_what_was_deferred_together_comes_back_together(world: World, visibility_timeouts: list[int]) -> None:
    vary_jitter(world)
    world.double.faults.add(Fault(method="DELETE", drop=True))
    world.bulk_delete(event(*singles(range(300)), receive_count=9))
    assert list(Counter(visibility_timeouts).values()) == [300]


def test_halves_that_come_back_apart_are_found_out(world: World) -> None:
    fails_on(world, contact_id(0), contact_id(99))
    messages = singles(range(100))
    world.bulk_delete(event(*messages, receive_count=2))

    first = world.bulk_delete(event(*messages[:50], receive_count=3))
    second = world.bulk_delete(event(*messages[50:], receive_count=3))

    assert (failed(first), failed(second)) == ([1], [50])
