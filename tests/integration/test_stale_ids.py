"""IDs of contacts that do not exist any more, and IDs that SendGrid refuses although their contacts exist."""

import json
import random
from typing import Any, Literal

import pytest

from contact_deletion.errors import RateLimited, SendGridRefused, SendGridUnavailable
from local.sendgrid_double import Fault, RateLimit
from tests.integration.bulk import accepted_ids, contacts, event, failed, refusals, refused_at_once
from tests.support.events import bulk_delete, contact_id
from tests.support.world import World

BATCH = "/v3/marketing/contacts/batch"

each_refusal = pytest.mark.parametrize("status", [400, 404])


def stale(count: int, start: int = 100_000) -> list[str]:
    """IDs that no contact has."""
    return [contact_id(number) for number in range(start, start + count)]


def refuses_unknown_ids(world: World, status: Literal[400, 404] = 404) -> None:
    world.double.settings.unknown_id_status = status


def limit_look_ups(world: World, calls: int) -> None:
    by_endpoint = {f"POST {BATCH}": calls}
    world.double.rate_limiter.configure(RateLimit(limit=600, window_seconds=900, by_endpoint=by_endpoint))


@each_refusal
def test_stale_id_delays_nothing_and_its_request_is_accepted(world: World, status: Literal[400, 404]) -> None:
    refuses_unknown_ids(world, status)
    ids = contacts(world, 10)

    response = world.bulk_delete(bulk_delete([*ids, *stale(1)]))

    assert response["contact_count"] == 11
    assert [call.status for call in world.deletions()] == [status, 202]
    world.jobs_end()
    assert not world.double.account.contact_ids()


def test_each_call_with_stale_ids_costs_one_refusal_however_many_they_are(world: World) -> None:
    refuses_unknown_ids(world)
    ids = contacts(world, 9_500)
    mixed = [*ids, *stale(500)]
    request = bulk_delete(random.Random(1).sample(mixed, len(mixed)))

    response = world.bulk_delete(request)

    assert response["contact_count"] == 10_000
    assert len(refusals(world)) <= 50, "as many as there are calls"
    assert len(world.contact_looks()) == 100
    assert sorted(accepted_ids(world)) == sorted(ids), "each once"


def test_stale_ids_of_300_messages_cost_a_refusal_for_each_call(world: World) -> None:
    refuses_unknown_ids(world)
    ids = contacts(world, 200)
    messages = [bulk_delete([each]) for pair in zip(ids, stale(200), strict=True) for each in pair][:300]

    assert world.bulk_delete(event(*messages)) == {"batchItemFailures": []}

    assert refusals(world) == [404, 404]
    assert world.dead_letters() == []
    world.jobs_end()
    assert len(world.double.account.contact_ids()) == 50


@each_refusal
def test_a_request_whose_contacts_do_not_exist_has_nothing_to_do(
    world: World, status: Literal[400, 404]
) -> None:
    refuses_unknown_ids(world, status)

    response = world.bulk_delete(bulk_delete(stale(3), request_id="again"))

    assert response == {
        "status": "accepted",
        "request_id": "again",
        "job_ids": [],
        "contact_count": 3,
        "replayed": False,
        "note": "nothing to do: none of the contacts exists",
    }
    assert world.bulk_delete(bulk_delete(stale(3), request_id="again")) == response | {"replayed": True}
    assert len(world.deletions()) == 1


def test_a_message_whose_contacts_do_not_exist_is_completed_at_once(world: World) -> None:
    refuses_unknown_ids(world)

    response = world.bulk_delete(event(bulk_delete(stale(2)), bulk_delete(contacts(world, 1))))

    assert response == {"batchItemFailures": []}
    (completed,) = world.outcome_events()
    assert (completed["kind"], completed["job_ids"], completed["contact_count"]) == ("Completed", [], 2)
    assert "nothing to do" in completed["message"]
    (status_message,) = world.status_messages()
    assert [each["contact_count"] for each in status_message["requests"]] == [1]


def test_where_everything_is_answered_404_nothing_is_taken_for_deleted(world: World) -> None:
    """A base URL that leads elsewhere, for one."""
    refused_at_once(world)
    not_found = {"errors": [{"field": None, "message": "not found"}]}
    world.double.faults.add(Fault(status=404, body=not_found, times=99))
    with pytest.raises(SendGridRefused, match="404"):
        world.bulk_delete(bulk_delete(contacts(world, 3)))


def test_look_ups_beyond_their_own_rate_limit_put_off_only_what_needs_them(world: World) -> None:
    refuses_unknown_ids(world)
    limit_look_ups(world, 1)
    ids = contacts(world, 408)
    calls = [ids[:203] + stale(1), ids[203:407], ids[407:] + stale(200, start=200_000)]

    response = world.bulk_delete(event(*(bulk_delete(call) for call in calls)))

    assert failed(response) == [1, 3]
    assert {line["code"] for line in world.outcomes() if "code" in line} == {"RateLimited"}
    assert set(accepted_ids(world)) == set(ids[:100] + calls[1]), "and the hundred that were looked up"


def test_look_ups_continue_where_the_rate_limit_stopped_them(world: World) -> None:
    refuses_unknown_ids(world)
    limit_look_ups(world, 2)
    request = bulk_delete([*contacts(world, 102), *stale(300)])
    for _ in range(2):
        with pytest.raises(RateLimited):
            world.bulk_delete(request)
        world.clock.advance(900)

    response = world.bulk_delete(request)

    assert response["contact_count"] == 402
    assert len(accepted_ids(world)) == 102


def test_contacts_whose_look_up_is_refused_count_as_existing(world: World) -> None:
    refused_at_once(world)
    refuses_unknown_ids(world)
    world.double.faults.add(Fault(method="POST", route=BATCH, status=400, times=99))
    ids = contacts(world, 99)

    with pytest.raises(SendGridRefused) as refused:
        world.bulk_delete(bulk_delete([*ids, *stale(1)]))

    assert stale(1)[0] in refused.value.message
    assert sorted(accepted_ids(world)) == sorted(ids)


@pytest.mark.parametrize("count", [100, 1_000])
def test_contacts_that_do_not_exist_are_not_refused_for_lookups_refused_with_others(
    world: World, count: int
) -> None:
    """More IDs spoil a lookup than it is divided for."""
    refused_at_once(world)
    refuses_unknown_ids(world, 400)
    ids = stale(count)
    unreadable = set(ids[10::25])
    for bad in unreadable:
        world.double.faults.add(Fault(method="POST", route=BATCH, containing=bad, status=400, times=999))
    messages = [bulk_delete([stale_id]) for stale_id in ids]

    response = world.bulk_delete(event(*messages))

    letters = world.dead_letters()
    assert {json.loads(letter["body"])["contact_ids"][0] for letter in letters} <= unreadable
    assert len(failed(response)) == count - 50, "so many are looked up alone"


def test_what_was_refused_and_cannot_be_looked_up_in_time_is_deferred(world: World) -> None:
    refused_at_once(world)
    refuses_unknown_ids(world)
    ids = stale(100)
    world.double.faults.add(Fault(method="POST", route=BATCH, status=400, times=8))
    world.double.faults.add(Fault(method="POST", route=BATCH, status=503, times=999))

    with pytest.raises(SendGridUnavailable, match="503"):
        world.bulk_delete(bulk_delete(ids))


def test_the_jobs_of_what_was_found_gone_and_of_what_was_sent_before_are_one_request(world: World) -> None:
    """All that is left in the second delivery does not exist."""
    refuses_unknown_ids(world)
    ids = contacts(world, 204)
    request = bulk_delete([*ids, *stale(2)])
    world.double.faults.add(Fault(method="POST", route=BATCH, status=503))
    with pytest.raises(SendGridUnavailable) as unavailable:
        world.bulk_delete(request)

    response = world.bulk_delete(request)

    assert response["job_ids"] == list(unavailable.value.job_ids)
    assert len(response["job_ids"]) == 1
    assert "note" not in response


@each_refusal
def test_the_error_names_the_ids_that_sendgrid_refuses_and_all_others_are_deleted(
    world: World, status: Literal[400, 404]
) -> None:
    refused_at_once(world)
    refuses_unknown_ids(world, status)
    ids = contacts(world, 500)
    world.double.poison_ids = {ids[7], ids[444]}

    with pytest.raises(SendGridRefused) as refused:
        world.bulk_delete(bulk_delete([*ids, *stale(5)]))

    named = {each for each in [*ids, *stale(5)] if each in refused.value.message}
    assert named == world.double.poison_ids
    assert refused.value.status == 400
    assert sorted(accepted_ids(world)) == sorted(set(ids) - named)


def test_a_culprit_among_204_costs_four_refusals(world: World) -> None:
    refused_at_once(world)
    ids = contacts(world, 204)
    world.double.poison_ids = {ids[200]}

    world.bulk_delete(event(*(bulk_delete([contact_id]) for contact_id in ids)))

    assert refusals(world) == [400] * 4
    (letter,) = world.dead_letters()
    assert json.loads(letter["body"])["contact_ids"] == [ids[200]]
    assert ids[200] in letter["ErrorMessage"]


def test_300_messages_that_are_all_refused_cost_few_refusals(world: World) -> None:
    refused_at_once(world)
    world.double.faults.add(Fault(method="DELETE", status=400, times=999))
    response = world.bulk_delete(event(*(bulk_delete([contact]) for contact in contacts(world, 300))))
    assert response == {"batchItemFailures": []}
    assert len(refusals(world)) == 6, "two calls, and four of their parts"
    assert [line["code"] for line in world.outcomes()] == ["SendGridRefused"] * 300


def test_after_parts_refused_alike_whole_calls_are_still_sent_and_not_divided(world: World) -> None:
    refused_at_once(world)
    ids = contacts(world, 306)
    world.double.poison_ids = set(ids[:102])
    world.double.rate_limiter.configure(RateLimit(limit=600, window_seconds=60))
    world.double.max_target_length = 4_020

    response = world.bulk_delete(event(*(bulk_delete([contact_id]) for contact_id in ids)))

    assert response == {"batchItemFailures": []}
    assert set(accepted_ids(world)) == set(ids[102:])


def test_a_part_that_failed_otherwise_is_sent_though_its_neighbors_are_refused_alike(world: World) -> None:
    refused_at_once(world)
    world.double.faults.add(Fault(method="DELETE", status=400))
    world.double.faults.add(Fault(method="DELETE", status=503))
    world.double.faults.add(Fault(method="DELETE", status=400, times=99))

    with pytest.raises(SendGridRefused):
        world.bulk_delete(bulk_delete(contacts(world, 100)))

    assert [len(call.ids) for call in world.deletions()] == [100, 10, 10, 10, 10, 10, 5, 5]


@pytest.mark.parametrize(("status", "named"), [(400, 100), (409, 0)])
def test_a_refusal_about_the_ids_names_a_hundred_at_most_and_another_none(
    world: World, status: int, named: int
) -> None:
    refused_at_once(world)
    world.double.faults.add(Fault(method="DELETE", status=status, times=999))
    ids = contacts(world, 150)

    with pytest.raises(SendGridRefused) as refused:
        world.bulk_delete(bulk_delete(ids))

    assert [contact_id for contact_id in ids if contact_id in refused.value.message] == ids[:named]
    assert refused.value.message.endswith(" and 50 more)") is (named > 0)


def test_a_contact_that_is_gone_and_still_shown_is_waited_for_and_costs_no_other_refusal(
    world: World,
) -> None:
    """Another request has deleted it; lookups lag behind by a minute."""
    world.change_settings(consistency_window_seconds=900)
    refuses_unknown_ids(world)
    gone, other = contacts(world, 2)
    world.double.settings.change(job_delay=0, read_lag_seconds=60)
    world.bulk_delete(bulk_delete([gone]))
    request = bulk_delete([gone, other], request_id="again")

    with pytest.raises(SendGridUnavailable, match="refuses to delete contacts that it shows"):
        world.bulk_delete(request)
    refused = len(refusals(world))
    world.clock.advance(30)
    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(request)
    world.clock.advance(31)
    response = world.bulk_delete(request)

    assert (response["status"], len(response["job_ids"])) == ("accepted", 1)
    assert len(refusals(world)) == refused
    assert accepted_ids(world) == [gone, other]


def test_a_contact_that_stays_and_is_refused_is_rejected_when_the_window_is_over(world: World) -> None:
    world.change_settings(consistency_window_seconds=900)
    ids = contacts(world, 204)
    world.double.poison_ids = {ids[200]}
    message = bulk_delete([ids[199], ids[200]])
    response = world.bulk_delete(event(message, *(bulk_delete([contact_id]) for contact_id in ids[:199])))
    assert failed(response) == [1]
    assert world.dead_letters() == []
    refused = len(refusals(world))

    world.clock.advance(899)
    assert failed(world.bulk_delete(event(message, receive_count=2))) == [1]
    assert len(refusals(world)) == refused, "until then it is only looked up"
    world.clock.advance(1)
    assert failed(world.bulk_delete(event(message, receive_count=3))) == []

    (letter,) = world.dead_letters()
    assert ids[200] in letter["ErrorMessage"]
    assert ids[199] not in letter["ErrorMessage"]
    assert len(refusals(world)) == refused + 1
    assert sorted(accepted_ids(world)) == sorted({*ids[:199], ids[199]}), "each once"


def test_what_was_refused_is_sent_apart_from_others(world: World) -> None:
    world.change_settings(consistency_window_seconds=900)
    ids = contacts(world, 3)
    world.double.poison_ids = {ids[0]}
    with pytest.raises(SendGridUnavailable):
        world.bulk_delete(bulk_delete(ids[:2]))
    world.clock.advance(900)

    world.bulk_delete(event(bulk_delete(ids[:2]), bulk_delete(ids[2:])))

    assert [call.ids for call in world.deletions()][-2:] == [(ids[2],), (ids[0],)]


@pytest.mark.parametrize(("poisoned", "receives"), [(25, 1), (26, 2), (60, 3)])
def test_contacts_that_were_refused_together_are_judged_each_by_itself(
    world: World, poisoned: int, receives: int
) -> None:
    """Every other one is good. Fifty have their turn in one invocation."""
    world.change_settings(consistency_window_seconds=900)
    ids = contacts(world, 2 * poisoned)
    world.double.poison_ids = set(ids[::2])
    messages = [bulk_delete([contact_id]) for contact_id in ids]
    left = failed(world.bulk_delete(event(*messages)))
    assert len(left) == len(ids)
    before = len(refusals(world))
    assert before <= 6
    world.clock.advance(900)

    for receive_count in range(2, 2 + receives):
        again: Any = event(*messages, receive_count=receive_count)
        again["Records"] = [again["Records"][number - 1] for number in left]
        left = failed(world.bulk_delete(again))

    assert left == []
    assert len(world.dead_letters()) == poisoned
    assert len(refusals(world)) - before == poisoned


def test_where_fifty_contacts_are_refused_alike_the_others_are_sent_together(world: World) -> None:
    """SendGrid blocks accounts for too many bad requests."""
    world.change_settings(consistency_window_seconds=900)
    ids = contacts(world, 120)
    world.double.poison_ids = set(ids)
    messages = [bulk_delete([contact_id]) for contact_id in ids]
    world.bulk_delete(event(*messages))
    before = len(refusals(world))
    world.clock.advance(900)

    assert failed(world.bulk_delete(event(*messages, receive_count=2))) == []

    assert len(world.dead_letters()) == 120
    assert len(refusals(world)) - before <= 60


def test_an_id_that_is_refused_later_has_the_window_for_itself(world: World) -> None:
    """What SendGrid did with it between the two is not known."""
    world.change_settings(consistency_window_seconds=900)
    ids = contacts(world, 2)
    world.double.poison_ids = {ids[0]}
    world.double.faults.add(Fault(method="DELETE", status=400))
    world.double.faults.add(Fault(method="DELETE", status=400))
    world.double.faults.add(Fault(method="DELETE", status=503))
    with pytest.raises(SendGridUnavailable, match="503"):
        world.bulk_delete(bulk_delete(ids))
    world.double.poison_ids = set(ids)
    world.clock.advance(900)

    with pytest.raises(SendGridUnavailable, match="shows"):
        world.bulk_delete(bulk_delete(ids))
    world.clock.advance(900)
    with pytest.raises(SendGridRefused) as refused:
        world.bulk_delete(bulk_delete(ids))

    assert all(contact_id in refused.value.message for contact_id in ids)


def test_a_refused_id_that_cannot_be_looked_up_stays_refused_since_then(world: World) -> None:
    world.change_settings(consistency_window_seconds=900)
    ids = contacts(world, 1)
    world.double.poison_ids = set(ids)
    with pytest.raises(SendGridUnavailable, match="shows"):
        world.bulk_delete(bulk_delete(ids))
    world.double.faults.add(Fault(method="POST", route=BATCH, status=503))
    world.clock.advance(600)
    with pytest.raises(SendGridUnavailable, match="503"):
        world.bulk_delete(bulk_delete(ids))
    world.clock.advance(300)

    with pytest.raises(SendGridRefused):
        world.bulk_delete(bulk_delete(ids))
