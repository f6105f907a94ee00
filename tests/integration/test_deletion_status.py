"""Jobs are followed to their end, through the handler."""

from typing import Any

import pytest

from local.sendgrid_double import Fault, RateLimit
from tests.integration.job_status import (
    GOES,
    HOUR,
    JOB_ROUTE,
    STAYS,
    accept,
    contacts,
    ended,
    ends,
    followed,
    jobs_of,
    kinds,
    status_batch,
)
from tests.support.events import contact_id, sqs_event, status_check
from tests.support.world import STATUS_QUEUE, World


def test_a_message_stays_while_its_job_is_pending_and_ends_in_one_event(world: World) -> None:
    batch = accept(world, contacts(world, 2))

    assert world.deletion_status(batch) == STAYS
    assert world.outcome_events() == []
    world.clock.advance(30)
    assert world.deletion_status(batch) == GOES

    (event,) = world.outcome_events()
    assert (event["kind"], event["request_id"], event["code"]) == ("Completed", "order-0", None)
    assert event["counts"] == {"requested": 2, "deleted": 2, "errored": None}


def test_the_pauses_between_questions_grow(world: World, visibility_timeouts: list[int]) -> None:
    world.double.account.force_next_jobs("pending")
    message = accept(world, [contact_id(1)])["Records"][0]["body"]

    for receive_count in (1, 2, 3, 6, 50):
        batch = sqs_event(message, queue=STATUS_QUEUE, receive_count=receive_count)
        assert world.deletion_status(batch) == STAYS

    assert visibility_timeouts == [30, 60, 120, 900, 900]


def test_a_pending_job_is_logged_as_that_and_not_as_a_failure(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deletion_status(accept(world, [contact_id(1)]))
    (line,) = [line for line in world.log_lines() if line["message"] == "jobs pending"]
    (job,) = world.double.account.jobs()
    assert (line["level"], line["job_ids"], line["statuses"]) == ("INFO", [job.id], ["pending"])
    assert '"JobsPending":[1.0]' in capsys.readouterr().out


@pytest.mark.parametrize(
    "settings",
    [
        {"job_hidden_seconds": 60},
        {"job_delay": 60, "counts_early_seconds": 20},
        {"job_delay": 60, "job_type": "?"},
    ],
    ids=["SendGrid does not know the job yet", "counts come before the status", "a type of its own"],
)
def test_a_job_with_unknown_fields_is_tracked(world: World, settings: dict[str, Any]) -> None:
    world.double.settings.change(**settings)
    batch = accept(world, contacts(world, 1))

    world.clock.advance(50)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(11)
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Completed"}


def test_a_job_that_has_not_ended_after_a_day_has_failed(world: World) -> None:
    world.double.account.force_next_jobs("pending")
    there = contacts(world, 1)
    batch = accept(world, there)

    world.clock.advance(24 * HOUR - 60)
    assert world.deletion_status(batch) == STAYS
    world.clock.advance(60)
    assert world.deletion_status(batch) == GOES

    event = ends(world)["order-0"]
    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    assert event["message"] == (
        "the job never finished: it was pending after 24 hours; 1 of the request's contacts are still there"
    )
    assert event["remaining_contacts"]["contact_ids"] == there


@pytest.mark.parametrize("word", ["queued", "IN_PROGRESS", "", None, 7, {"x": 1}], ids=repr)
def test_an_unknown_status_is_pending(world: World, word: object) -> None:
    batch = accept(world, contacts(world, 1))
    world.jobs_end()
    world.double.faults.add(Fault(route=JOB_ROUTE, status=200, body={"status": word}))

    assert world.deletion_status(batch) == STAYS
    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Completed"}


def state(status: str, requested: object = None, deleted: object = None) -> Fault:
    """What SendGrid says of a job, next."""
    results = {"requested_count": requested, "deleted_count": deleted}
    return Fault(route=JOB_ROUTE, status=200, body={"status": status, "results": results})


@pytest.mark.parametrize(
    "said",
    [
        *(state("Complete", 2, 2), state("done", "2", 2.0), state(" COMPLETED ", "2", "2")),
    ],
    ids=repr,
)
def test_job_that_is_completed_in_other_words_is_completed(world: World, said: Fault) -> None:
    event = ended(world, contacts(world, 2), fault=said)["order-0"]
    assert event["kind"] == "Completed"


@pytest.mark.parametrize("said", [state("completed"), state("completed", 1)], ids=repr)
def test_a_completed_job_without_counts_is_completed(world: World, said: Fault) -> None:
    event = ended(world, contacts(world, 1), fault=said)["order-0"]
    assert (event["kind"], event["remaining_contacts"]) == ("Completed", None)
    assert world.contact_looks() == []


@pytest.mark.parametrize(
    "said", [state("completed", "2", "1"), state("completed", "1,000", "999"), state("done", 2, 2)], ids=repr
)
def test_completion_in_doubt_is_looked_into(world: World, said: Fault) -> None:
    assert ended(world, contacts(world, 2), ending="failed", fault=said)["order-0"]["kind"] == "Failed"


@pytest.mark.parametrize("word", ["errored", "failed", "Errored", "FAILED", "failure", "error"])
def test_every_spelling_of_failure_is_a_failure(world: World, word: str) -> None:
    event = ended(world, contacts(world, 1), ending="failed", fault=state(word))["order-0"]
    assert (event["kind"], event["code"]) == ("Failed", "DeletionFailed")
    assert event["message"].startswith(f"the job ended {word.lower()}; ")


def test_exactly_the_requests_of_a_failed_job_fail(world: World) -> None:
    """204 contacts go in a call: the first request has its own job, the second both, the third the other."""
    first, second, third = contacts(world, 204), contacts(world, 2), contacts(world, 3)
    world.double.account.force_next_jobs("failed")
    batch = accept(world, first[:200], first[200:] + second, third)
    assert [len(message) for message in jobs_of(batch)] == [1, 2, 1]
    world.jobs_end()

    assert world.deletion_status(batch) == GOES

    failed = {request for request, event in ends(world).items() if event["kind"] == "Failed"}
    (failed_job,) = [job.id for job in world.double.account.jobs() if job.status == "failed"]
    assert failed == {
        f"order-{number}" for number, job_ids in enumerate(jobs_of(batch)) if failed_job in job_ids
    }
    assert len(failed) == 2
    assert len(world.job_looks()) == 2, "each job once, although two messages name each"


def test_the_jobs_counts_are_summed(world: World) -> None:
    event = ended(world, contacts(world, 250), ending="errored")["order-0"]

    jobs = world.double.account.jobs()
    assert len(jobs) == 2
    assert event["counts"] == {
        "requested": 250,
        "deleted": sum(job.deleted_count for job in jobs),
        "errored": sum(job.errored_count for job in jobs),
    }


def test_one_pending_job_of_several_keeps_its_requests_waiting_and_no_others(world: World) -> None:
    world.double.account.force_next_jobs("pending")
    under_way = world.double.account.delete_contacts(contacts(world, 1))
    done = world.double.account.delete_contacts(contacts(world, 1))
    world.jobs_end()
    waits = status_check([done.id, under_way.id], {"request_id": "waits"})
    ends = status_check([done.id], {"request_id": "ends"})

    assert world.deletion_status(sqs_event(waits, ends, queue=STATUS_QUEUE)) == STAYS

    assert kinds(world) == {"ends": "Completed"}


def test_many_requests_of_two_jobs_cost_two_messages_and_two_questions(world: World) -> None:
    batch = accept(world, *([contact_id(number)] for number in range(300)))
    assert len(world.deletions()) == 2
    assert len(batch["Records"]) == 2

    for _ in range(2):
        assert len(world.deletion_status(batch)["batchItemFailures"]) == 2

    assert len(world.job_looks()) == 2 * 2


def test_an_unusable_key_keeps_messages_waiting_long(world: World, visibility_timeouts: list[int]) -> None:
    batch = accept(world, [contact_id(1)])
    world.double.forbidden = True
    assert world.deletion_status(batch) == STAYS
    assert visibility_timeouts == [900]


@pytest.mark.parametrize(("window", "reported"), [(600, 3), (20, 5)])
def test_a_rate_limit_that_is_spent_is_waited_for_or_defers_the_rest_until_its_reset(
    world: World, visibility_timeouts: list[int], window: float, reported: int
) -> None:
    messages = [followed(world, ending=None, name=f"order-{number}") for number in range(5)]
    world.jobs_end()
    world.double.rate_limiter.configure(RateLimit(limit=3, window_seconds=window))

    response = world.deletion_status(status_batch(*messages))

    assert set(kinds(world)) == {f"order-{number}" for number in range(reported)}
    assert len(response["batchItemFailures"]) == 5 - reported
    assert visibility_timeouts == [pytest.approx(window, abs=2)] * (5 - reported)
    assert {call.status for call in world.job_looks()} == {200}


def test_a_status_message_that_makes_no_sense_is_kept_as_a_dead_letter(world: World) -> None:
    world.change_settings(dead_letter_queue_url=world.queue_url("DeletionStatusDeadLetterQueue"))

    assert world.deletion_status(sqs_event("{}", queue=STATUS_QUEUE)) == GOES

    (letter,) = world.dead_letters("DeletionStatusDeadLetterQueue")
    assert letter["ErrorCode"] == "InvalidRequest"
    (event,) = world.outcome_events()
    reported = (event["kind"], event["operation"], event["code"])
    assert reported == ("Rejected", "deletion_status", "InvalidRequest")


@pytest.mark.parametrize(
    "accepted_at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999999Z"]
)
def test_a_moment_at_the_edge_of_time_does_not_fail_the_batch(world: World, accepted_at: str) -> None:
    job = world.double.account.delete_contacts(contacts(world, 1))
    world.jobs_end()
    odd = status_check([job.id], {"request_id": "odd"}, accepted_at=accepted_at)
    good = status_check([job.id], {"request_id": "good"}, accepted_at=world.now())

    assert world.deletion_status(sqs_event(odd, good, queue=STATUS_QUEUE)) == GOES

    assert kinds(world)["good"] == "Completed"
