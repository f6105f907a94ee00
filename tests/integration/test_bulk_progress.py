"""A bulk deletion of many calls continues where its earlier deliveries stopped."""

import json
import time
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest

from contact_deletion.errors import NotAccepted, RateLimited, SendGridRefused, SendGridUnavailable
from contact_deletion.ledger.store import CONTENT_REMEMBERED_SECONDS
from contact_deletion.ledger.store import REQUEST_ID_REMEMBERED_SECONDS as LONGEST
from contact_deletion.requests.status_check import parse
from contact_deletion.requests.validation import MAX_JOB_IDS
from local.sendgrid_double import Fault, RateLimit
from tests.integration.bulk import accepted_ids, contacts, event, failed, outcome_of, refused_at_once
from tests.integration.job_status import STAYS
from tests.integration.operations import deliver
from tests.support.dynamodb import FailingCalls
from tests.support.events import bulk_delete, contact_id
from tests.support.world import World

MANY = [contact_id(number) for number in range(10_000)]
CALL = 204
"""So many contacts are in a full call."""


def interrupted(world: World, request: dict[str, Any], calls: int) -> NotAccepted:
    """The outcome of an attempt in which the connection breaks after so many calls, which no ID can cause."""
    if calls:
        world.double.faults.add(Fault(method="DELETE", times=calls))
    world.double.faults.add(Fault(method="DELETE", drop=True, times=99))
    outcome = outcome_of(world, request)
    world.double.faults.clear()
    assert isinstance(outcome, SendGridUnavailable)
    return outcome


def jobs(world: World) -> list[str]:
    return [job.id for job in world.double.account.jobs()]


def unwritten(world: World) -> dict[str, Any]:
    """The log's line about a record that was not written."""
    (line,) = [line for line in world.log_lines() if line["message"] == "the ledger was not written"]
    return line


def started(record: dict[str, Any]) -> list[str]:
    found: list[str] = json.loads(record["data"]["S"])["job_ids"]
    return found


# ------------------------------------------------------------------------------------ progress


def test_each_attempt_continues_although_one_call_in_twenty_fails(world: World) -> None:
    request = bulk_delete(MANY, request_id="purge")
    for _ in range(2):
        unavailable = interrupted(world, request, calls=19)
        assert sorted(unavailable.job_ids) == sorted(jobs(world)), "those of earlier attempts too"

    outcome = world.bulk_delete(request)

    assert len(jobs(world)) == 50
    assert Counter(accepted_ids(world)) == Counter(MANY), "each once"
    assert sorted(outcome["job_ids"]) == sorted(jobs(world))
    assert not outcome["replayed"]


def test_each_attempt_continues_although_the_limit_is_nine_calls_a_minute(world: World) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=9, window_seconds=60))
    world.context.remaining_seconds = 100
    request = bulk_delete(MANY)
    outcome: Any = None
    for _ in range(10):
        outcome = outcome_of(world, request)
        if isinstance(outcome, dict):
            break
        assert isinstance(outcome, RateLimited)
        world.clock.advance(60)

    assert len(outcome["job_ids"]) == 50
    assert Counter(accepted_ids(world)) == Counter(MANY)


def test_a_message_continues_too(world: World) -> None:
    request = bulk_delete(MANY[: 3 * CALL])
    world.double.faults.add(Fault(method="DELETE"))
    world.double.faults.add(Fault(method="DELETE", status=503))
    assert failed(world.bulk_delete(event(request))) == [1]

    assert world.bulk_delete(event(request, receive_count=2)) == {"batchItemFailures": []}

    assert Counter(accepted_ids(world)) == Counter(request["contact_ids"])
    (message,) = world.status_messages()
    assert sorted(message["job_ids"]) == sorted(jobs(world))


def test_an_id_that_another_request_needs_is_sent_for_that_one(world: World) -> None:
    first = bulk_delete(MANY[: 2 * CALL])
    interrupted(world, first, calls=1)
    (job,) = jobs(world)

    world.bulk_delete(event(first, bulk_delete(MANY[:1])))

    lines = world.outcomes()[-2:]
    assert job in lines[0]["job_ids"]
    assert len(lines[1]["job_ids"]) == 1
    assert job not in lines[1]["job_ids"]


def test_contacts_that_were_found_gone_are_not_sent_again(world: World) -> None:
    world.double.settings.unknown_id_status = 404
    ids = contacts(world, 1)
    request = bulk_delete([*ids, *MANY[1_000:1_010]])
    world.double.faults.add(Fault(method="DELETE", status=404))
    interrupted(world, request, calls=0)

    response = world.bulk_delete(request)

    # Twice without an answer, since a dead connection is tried again at once.
    assert [call.ids for call in world.deletions()][1:] == [tuple(ids)] * 3
    assert response["contact_count"] == 11


def test_a_redriven_request_of_which_an_id_was_refused_sends_only_that(world: World) -> None:
    refused_at_once(world)
    ids = contacts(world, 300)
    world.double.poison_ids = {ids[0]}
    request = bulk_delete(ids)
    with pytest.raises(SendGridRefused):
        world.bulk_delete(request)
    world.double.poison_ids = set()

    response = world.bulk_delete(request)

    assert world.deletions()[-1].ids == (ids[0],)
    assert sorted(response["job_ids"]) == sorted(jobs(world))


# ------------------------------------------------------------------------------------ the record


@pytest.mark.parametrize(
    ("envelope", "seconds"), [({}, CONTENT_REMEMBERED_SECONDS), ({"request_id": "purge"}, LONGEST)]
)
def test_an_unfinished_request_is_remembered_for_longer_than_any_message_waits(
    world: World, envelope: dict[str, str], seconds: int
) -> None:
    request = bulk_delete(MANY[: 2 * CALL], **envelope)
    interrupted(world, request, calls=1)

    (unfinished,) = world.ledger()
    world.bulk_delete(request)
    (finished,) = world.ledger()

    left = [float(record["expiration"]["N"]) - time.time() for record in (unfinished, finished)]
    assert left == [pytest.approx(LONGEST, abs=60), pytest.approx(seconds, abs=60)]


def test_the_record_of_ten_thousand_contacts_is_small(world: World) -> None:
    interrupted(world, bulk_delete(MANY), calls=40)
    (record,) = world.ledger()
    assert record["status"]["S"] == "INPROGRESS"
    assert len(json.loads(record["data"]["S"])["done"]) == 1_668


def test_a_record_of_jobs_alone_is_read_too(world: World) -> None:
    """Versions before this one wrote it so."""
    request = bulk_delete(MANY[: 2 * CALL], request_id="old")
    interrupted(world, request, calls=1)
    world.change_ledger(data={"S": json.dumps({"job_ids": ["job-of-before"]})})

    response = world.bulk_delete(request)

    assert response["job_ids"][0] == "job-of-before"
    assert set(accepted_ids(world)) == set(request["contact_ids"])


def test_progress_that_cannot_be_recorded_is_logged_and_sent_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    request = bulk_delete(MANY[: 2 * CALL], request_id="unrecorded")
    with FailingCalls(world.runtime.dynamodb, "PutItem"):
        outcome = interrupted(world, request, calls=1)

    failure = unwritten(world)
    assert (failure["request_id"], failure["job_ids"]) == ("unrecorded", list(outcome.job_ids))
    assert '"LedgerWriteFailures":[1.0]' in capsys.readouterr().out
    assert len(world.bulk_delete(request)["job_ids"]) == 2


# ------------------------------------------------------------------------------------ two invocations


def test_two_invocations_record_what_both_have_done(world: World) -> None:
    request = bulk_delete(MANY[: 4 * CALL], request_id="twice")
    others: list[NotAccepted] = []

    def other_invocation(_: float) -> None:
        world.double.faults.clear()
        others.append(interrupted(world, request, calls=2))
        world.double.faults.add(Fault(method="DELETE", drop=True, times=99))

    world.double.sleep = other_invocation
    world.double.faults.add(Fault(method="DELETE", delay_seconds=1))
    mine = outcome_of(world, request)
    world.double.faults.clear()

    assert isinstance(mine, NotAccepted)
    assert (len(others[0].job_ids), len(mine.job_ids)) == (2, 1)
    (record,) = world.ledger()
    assert sorted(started(record)) == sorted(jobs(world))
    sent_before = len(world.deletions())
    world.bulk_delete(request)
    assert len(world.deletions()) == sent_before + 2, "the two calls that neither has made"


def test_progress_of_two_requests_with_one_request_id_is_not_mixed(world: World) -> None:
    request, other = (bulk_delete(ids, request_id="twice") for ids in (MANY[: 2 * CALL], MANY[-2 * CALL :]))

    def other_invocation(_: float) -> None:
        world.double.faults.clear()
        interrupted(world, other, calls=1)
        world.double.faults.add(Fault(method="DELETE", drop=True, times=99))

    world.double.sleep = other_invocation
    world.double.faults.add(Fault(method="DELETE", delay_seconds=1))
    outcome_of(world, request)

    assert "another request with this request_id" in unwritten(world)["reason"]


def test_what_another_invocation_has_finished_stays_finished(world: World) -> None:
    request = bulk_delete(MANY[: 4 * CALL], request_id="twice")
    world.double.faults.add(Fault(method="DELETE", delay_seconds=1))
    world.double.faults.add(Fault(method="DELETE", times=4))
    world.double.faults.add(Fault(method="DELETE", drop=True, times=9))
    outcomes: list[Any] = []
    # While the first call of this one waits for its answer.
    world.double.sleep = lambda _: outcomes.append(outcome_of(world, request))

    mine = outcome_of(world, request)

    assert isinstance(outcomes[0], dict)
    assert isinstance(mine, SendGridUnavailable)
    world.double.faults.clear()
    response = world.bulk_delete(request)
    assert response["replayed"]
    assert response["job_ids"] == outcomes[0]["job_ids"]


def test_a_record_that_keeps_changing_is_not_written(world: World) -> None:
    request = bulk_delete(MANY[: 3 * CALL], request_id="busy")
    interrupted(world, request, calls=1)
    dynamodb, numbers = world.runtime.dynamodb, iter(range(99))
    putting = dynamodb.put_item

    def put_after_another(**given: Any) -> Any:
        (item,) = world.ledger()
        others = {"S": json.dumps({"job_ids": [f"other-{next(numbers)}"]})}
        putting(TableName=given["TableName"], Item=item | {"data": others})
        return putting(**given)

    with patch.object(dynamodb, "put_item", put_after_another):
        interrupted(world, request, calls=1)

    assert "again and again" in unwritten(world)["reason"]


def test_a_repeated_call_that_finds_its_own_record_is_a_success(world: World) -> None:
    """botocore repeats a call whose answer was lost."""
    request = bulk_delete(MANY[: 2 * CALL], request_id="lost")
    putting = world.runtime.dynamodb.put_item

    def put_twice(**given: Any) -> Any:
        putting(**given)
        return putting(**given)

    with patch.object(world.runtime.dynamodb, "put_item", put_twice):
        interrupted(world, request, calls=1)

    assert "the ledger was not written" not in world.log.getvalue()
    assert len(world.bulk_delete(request)["job_ids"]) == 2


def test_a_record_of_which_dynamodb_does_not_say_what_it_is_is_not_written(world: World) -> None:
    with FailingCalls(world.runtime.dynamodb, "PutItem", "ConditionalCheckFailedException"):
        interrupted(world, bulk_delete(MANY[: 2 * CALL]), calls=1)
    assert "has changed" in unwritten(world)["reason"]


# ------------------------------------------------------------------------------------ many jobs


def test_more_jobs_than_a_status_message_may_name_are_in_several(world: World) -> None:
    request = bulk_delete(MANY[:2], request_id="many", task_token="token")
    world.double.max_target_length = 80
    world.double.faults.add(Fault(method="DELETE"))
    # A dead connection is tried again at once.
    world.double.faults.add(Fault(method="DELETE", drop=True, times=2))
    assert deliver(world, "bulk_delete", request) == STAYS
    earlier = [f"job-{number}" for number in range(2 * MAX_JOB_IDS)]
    world.change_ledger(data={"S": json.dumps({"job_ids": earlier})})

    deliver(world, "bulk_delete", request)

    messages = world.status_messages()
    assert [len(message["job_ids"]) for message in messages] == [MAX_JOB_IDS, MAX_JOB_IDS, 2]
    named = [each for message in messages for each in message["job_ids"]]
    assert (named[:-2], set(named[-2:])) == (earlier, set(jobs(world)[1:]))
    tokens = [each.get("task_token") for message in messages for each in message["requests"]]
    assert tokens == [None, None, "token"]
    for message in messages:
        assert parse(message).job_ids == tuple(message["job_ids"])
