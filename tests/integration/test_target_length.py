"""Request targets that SendGrid finds too long."""

import pytest

from contact_deletion.deletion.packing import REDUCED_SECONDS
from local.sendgrid_double import Fault
from tests.integration.bulk import accepted_ids, contacts, event
from tests.support.events import bulk_delete, contact_id
from tests.support.world import World

FULL = 204

each_refusal = pytest.mark.parametrize("status", [413, 414])


def ids_per_call(world: World, status: int = 202) -> list[int]:
    """In ascending order: calls side by side arrive in any."""
    return sorted(len(call.ids) for call in world.deletions() if call.status == status)


def request(count: int, start: int = 0) -> dict[str, object]:
    return bulk_delete([contact_id(number) for number in range(start, start + count)])


@each_refusal
def test_a_real_limit_of_3000_characters_costs_two_refusals(world: World, status: int) -> None:
    world.double.max_target_length = 3_000
    world.double.too_long_status = status

    world.bulk_delete(request(600))
    world.bulk_delete(request(600, start=600))

    assert ids_per_call(world, status) == [101, FULL]
    assert sorted(accepted_ids(world)) == [contact_id(number) for number in range(1_200)]
    assert max(call.target_length for call in world.deletions() if call.status == 202) <= 3_000


@each_refusal
@pytest.mark.parametrize(("short", "parts"), [(3, [1, 2]), (1, [])])
def test_a_short_call_that_is_refused_limits_no_other(
    world: World, status: int, short: int, parts: list[int]
) -> None:
    world.double.faults.add(Fault(method="DELETE", status=status))
    world.bulk_delete(event(request(short)))
    world.bulk_delete(request(FULL, start=3))
    assert ids_per_call(world) == [*parts, FULL]


def test_everything_that_waits_is_packed_again(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", status=414))
    world.bulk_delete(request(3 * FULL))
    assert ids_per_call(world, 414) == [FULL]
    assert ids_per_call(world) == [6] + [101] * 6


def test_calls_that_were_under_way_reduce_the_budget_once(world: World) -> None:
    """The rate limit is known, so that eight calls start side by side."""
    world.bulk_delete(request(1))
    world.double.faults.add(Fault(method="DELETE", status=414, times=8))

    world.bulk_delete(request(10 * FULL, start=1))

    assert max(ids_per_call(world)) == 101
    assert len(ids_per_call(world, 414)) == 8


def test_after_an_hour_the_budget_is_the_usual_one_again(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", status=414))
    world.bulk_delete(request(FULL))
    world.clock.advance(REDUCED_SECONDS - 60)
    world.bulk_delete(request(FULL, start=FULL))
    world.clock.advance(120)

    world.bulk_delete(request(FULL, start=2 * FULL))

    assert ids_per_call(world) == [2, 2, 101, 101, 101, 101, FULL]


def test_parts_of_a_refused_call_stay_apart_when_what_waits_is_packed_again(world: World) -> None:
    world.change_settings(consistency_window_seconds=0)
    ids = contacts(world, 2 * FULL)
    world.double.poison_ids = {ids[0]}
    world.double.faults.add(Fault(method="DELETE", status=400))
    world.double.faults.add(Fault(method="DELETE"))
    world.double.faults.add(Fault(method="DELETE", status=414))

    world.bulk_delete(event(*(bulk_delete([contact_id]) for contact_id in ids)))

    assert set(accepted_ids(world)) == set(ids[1:])
    assert [letter["ErrorCode"] for letter in world.dead_letters()] == ["SendGridRefused"]


def test_halves_of_a_failed_call_stay_apart_when_what_waits_is_packed_again(world: World) -> None:
    world.double.faults.add(Fault(method="DELETE", status=503))
    world.double.faults.add(Fault(method="DELETE", status=414))
    response = world.bulk_delete(event(request(2 * FULL), receive_count=2))
    assert response == {"batchItemFailures": []}
    assert ids_per_call(world) == [2, 101, 101, 102, 102]
