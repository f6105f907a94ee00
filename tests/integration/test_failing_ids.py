"""An ID for which SendGrid answers 5xx, call after call, and outages, in which every call is answered so."""

from dataclasses import replace

import pytest

from contact_deletion.deletion.bulk import OUTAGE
from contact_deletion.errors import SendGridUnavailable
from local.sendgrid_double import Fault
from tests.integration.bulk import accepted_ids, event, failed
from tests.support.events import bulk_delete, contact_id
from tests.support.world import World


def fails_on(world: World, *contact_ids: str) -> None:
    for one in contact_ids:
        world.double.faults.add(Fault(method="DELETE", containing=one, status=503, times=999))


def singles(numbers: range) -> list[dict[str, object]]:
    return [bulk_delete([contact_id(number)]) for number in numbers]


def delays(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Fills with the visibility timeouts that are set; each draw of jitter is another."""
    seconds: list[int] = []
    draws = iter(range(10))

    def draw(least: float, most: float) -> float:
        return least + (most - least) * next(draws) / 10

    def note(*, Entries: list[dict[str, int]], **_: object) -> dict[str, object]:
        seconds.extend(entry["VisibilityTimeout"] for entry in Entries)
        return {}

    world.runtime = replace(world.runtime, jitter=draw)
    monkeypatch.setattr(world.runtime.sqs, "change_message_visibility_batch", note)
    monkeypatch.setattr(
        world.runtime.sqs, "get_queue_url", lambda **_: {"QueueUrl": world.queue_url("BulkDeleteQueue")}
    )
    world.restart()
    return seconds


# ------------------------------------------------------------------------------------ one ID


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


def test_a_batch_with_one_message_that_was_received_before_is_divided(world: World) -> None:
    fails_on(world, contact_id(0))
    batch = event(*singles(range(10)))
    records = batch["Records"]
    assert isinstance(records, list)
    records[0]["attributes"]["ApproximateReceiveCount"] = "2"

    assert failed(world.bulk_delete(batch)) == [1]


def test_one_call_in_twenty_that_fails_costs_no_attempt(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", times=19))
    world.double.faults.add(Fault(method="DELETE", status=503))

    answer = world.bulk_delete(bulk_delete([contact_id(number) for number in range(10_000)]))

    assert answer["contact_count"] == 10_000
    assert len(answer["job_ids"]) == 51


# ------------------------------------------------------------------------------------ several, and outages


@pytest.mark.parametrize("status", [401, 503])
def test_an_outage_costs_one_deletion_and_one_other_call(world: World, status: int) -> None:
    world.double.faults.add(Fault(method="DELETE", status=503, times=999))
    world.double.faults.add(Fault(method="GET", status=status, times=999))

    response = world.bulk_delete(event(*singles(range(1_000)), receive_count=2))

    assert len(failed(response)) == 1_000
    assert len(world.deletions()) == 1
    assert len([call for call in world.double.requests if call.method == "GET"]) == {401: 1, 503: 1}[status]


def test_an_outage_of_deletions_alone_costs_three_of_them(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", status=503, times=999))

    response = world.bulk_delete(event(*singles(range(1_000)), receive_count=2))

    assert len(failed(response)) == 1_000
    assert len(world.deletions()) == OUTAGE == 3


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
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = delays(world, monkeypatch)
    fails_on(world, contact_id(0), contact_id(99))

    response = world.bulk_delete(event(*singles(range(100)), receive_count=9))

    assert len(failed(response)) == 100
    assert sorted(seconds.count(one) for one in set(seconds)) == [25, 25, 50]


def test_what_was_deferred_together_comes_back_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = delays(world, monkeypatch)
    world.double.faults.add(Fault(method="DELETE", drop=True))

    world.bulk_delete(event(*singles(range(300)), receive_count=9))

    assert len(seconds) == 300
    assert len(set(seconds)) == 1


def test_halves_that_come_back_apart_are_found_out(world: World) -> None:
    fails_on(world, contact_id(0), contact_id(99))
    messages = singles(range(100))
    world.bulk_delete(event(*messages, receive_count=2))

    first = world.bulk_delete(event(*messages[:50], receive_count=3))
    second = world.bulk_delete(event(*messages[50:], receive_count=3))

    assert (failed(first), failed(second)) == ([1], [50])
