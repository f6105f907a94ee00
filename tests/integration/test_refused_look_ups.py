"""A lookup that SendGrid refuses is divided, and what stays unknown is reported as unknown."""

import json

import pytest

from local.sendgrid_double import Fault, RateLimit
from tests.integration.job_status import (
    GOES,
    LOOK_UP_ROUTE,
    STAYS,
    accept,
    contacts,
    ended,
    kinds,
    listed,
)
from tests.support.events import contact_id, sqs_event, status_check
from tests.support.world import STATUS_QUEUE, World


def look_ups(world: World, *statuses: int | None) -> None:
    """The next lookups are refused with these statuses, or answered where no status is left."""
    for status in statuses:
        world.double.faults.add(Fault(route=LOOK_UP_ROUTE, status=status))


def test_counts_that_do_not_match_and_a_refused_look_up_leave_the_outcome_unknown(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = [contact_id(1), contact_id(2)]
    look_ups(world, 400, 400, 400)

    event = ended(world, gone)["order-0"]

    assert (event["kind"], event["code"]) == ("Unknown", "OutcomeUnknown")
    assert event["message"] == "the job completed; SendGrid refused to look up 2 of the request's contacts"
    assert event["remaining_contacts"] == listed()
    assert event["unchecked_contacts"] == listed(*gone)
    (line,) = [line for line in world.log_lines() if line["message"] == "request of unknown outcome"]
    assert (line["level"], line["request_id"], line["code"]) == ("WARNING", "order-0", "OutcomeUnknown")
    printed = capsys.readouterr().out
    assert '"RequestsUnknown":[1.0]' in printed
    assert "RequestsFailed" not in printed


def test_one_id_that_cannot_be_looked_up_leaves_the_outcome_of_its_own_request_unknown_alone(
    world: World,
) -> None:
    (left,) = contacts(world, 1)
    look_ups(world, 400, None, 400, None, 400)  # all four, the first two, the last two, the third, the fourth

    events = ended(world, [contact_id(1)], [contact_id(2)], [left], [contact_id(4)], ending="failed")

    assert [json.loads(call.body)["ids"] for call in world.contact_looks()][-2:] == [[left], [contact_id(4)]]
    reported = [events[f"order-{number}"]["kind"] for number in range(4)]
    assert reported == ["Completed", "Completed", "Failed", "Unknown"]


def test_request_of_which_some_contacts_remain_and_some_are_unchecked_has_failed(world: World) -> None:
    (left,) = contacts(world, 1)
    look_ups(world, 400, None, 400)  # both, the first, the second

    event = ended(world, [left, contact_id(1)], ending="failed")["order-0"]

    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    assert event["message"] == (
        "the job ended failed; 1 of the request's contacts are still there; "
        "SendGrid refused to look up 1 of the request's contacts"
    )
    assert event["remaining_contacts"] == listed(left)
    assert event["unchecked_contacts"] == listed(contact_id(1))


def test_contacts_that_could_not_be_looked_up_are_tried_again_for_15_minutes(world: World) -> None:
    batch = accept(world, [contact_id(1)])
    world.clock.advance(60)
    look_ups(world, 400)

    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Completed"}


def test_look_up_that_the_rate_limit_leaves_undivided_delays_no_outcome_forever(world: World) -> None:
    """The next invocation would have no more time than this one."""
    limit = RateLimit(limit=600, window_seconds=900, by_endpoint={f"POST {LOOK_UP_ROUTE}": 4})
    world.double.rate_limiter.configure(limit)
    ids = contacts(world, 100)
    look_ups(world, 400, 400, None, 400)  # all, the first half, the second half, the first quarter

    event = ended(world, ids, ending="failed")["order-0"]

    assert event["kind"] == "Failed"
    assert event["remaining_contacts"]["count"] == 50
    assert event["unchecked_contacts"]["contact_ids"] == sorted(ids[:50])


def test_look_up_that_is_interrupted_before_it_could_be_divided_is_made_again(world: World) -> None:
    world.double.account.force_next_jobs("failed")
    batch = accept(world, contacts(world, 2))
    world.jobs_end()
    look_ups(world, 400, 503, 503)

    assert world.deletion_status(batch) == STAYS
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Failed"}


def test_waiting_workflow_gets_an_unknown_outcome_as_an_error_of_that_name(world: World) -> None:
    job = world.double.account.delete_contacts([contact_id(1)])
    world.jobs_end()
    look_ups(world, 400)
    request = {"contact_ids": [contact_id(1)], "task_token": "token"}

    world.deletion_status(sqs_event(status_check([job.id], request), queue=STATUS_QUEUE))

    (response,) = world.task_responses
    assert (response["taskToken"], response["error"]) == ("token", "OutcomeUnknown")


def test_direct_invocation_answers_unknown_unless_a_request_failed(world: World) -> None:
    (left,) = contacts(world, 1)
    world.double.account.force_next_jobs("failed")
    job = world.double.account.delete_contacts([left, contact_id(1)])
    world.jobs_end()
    unknown, failed = {"contact_ids": [contact_id(1)]}, {"contact_ids": [left]}

    look_ups(world, 400)
    alone = world.deletion_status(status_check([job.id], unknown))
    look_ups(world, 400, 400)
    beside = world.deletion_status(status_check([job.id], unknown, failed))

    assert (alone["status"], alone["requests"][0]["code"]) == ("unknown", "OutcomeUnknown")
    assert (alone["requests"][0]["unchecked_contacts"]["count"], alone["retry_after"]) == (1, 0)
    assert beside["status"] == "failed"
