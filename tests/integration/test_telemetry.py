"""What an operator sees: one line for each outcome, metrics to alarm on, and no personal data."""

import json
from unittest.mock import Mock

import pytest

from contact_deletion.errors import SendGridRefused
from local.sendgrid_double import Fault, RateLimit
from tests.integration.operations import Killed, deliver, each_operation, request_of
from tests.support.events import bulk_delete, contact_id, delete_by_identifiers, remove_identifier, sqs_event
from tests.support.metrics import metrics_in
from tests.support.world import API_KEY, World

QUEUE = "BulkDeleteQueue"


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, ...], float]:
    """Since the last call."""
    return metrics_in(capsys.readouterr().out)


def test_each_outcome_has_one_line(world: World) -> None:
    request = bulk_delete([contact_id(1), contact_id(2)], request_id="seen")
    world.double.faults.add(Fault(method="DELETE"))

    world.bulk_delete(sqs_event(request, "not JSON", request, queue=QUEUE, receive_count=2))

    accepted, rejected, replayed = world.outcomes()
    (job,) = world.double.account.jobs()
    assert (accepted["level"], accepted["operation"], accepted["request_id"]) == (
        "INFO",
        "bulk_delete",
        "seen",
    )
    assert accepted["message_id"] == "00000000-0000-0000-0000-000000000001"
    assert (accepted["job_ids"], accepted["contact_count"]) == ([job.id], 2)
    assert (accepted["replayed"], replayed["replayed"], accepted["receive_count"]) == (False, True, 2)
    assert (rejected["level"], rejected["code"]) == ("WARNING", "InvalidRequest")
    assert rejected["reason"] == "the message body is not JSON"


def test_requests_that_share_outcome_and_jobs_share_a_line_that_has_every_id(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    named = [bulk_delete([contact_id(number)], request_id=f"order-{number}") for number in range(3)]
    unnamed = [bulk_delete([contact_id(number), contact_id(number + 1)]) for number in (10, 12)]

    world.bulk_delete(sqs_event(*named, "not JSON", *unnamed, "{", queue=QUEUE))

    accepted, rejected = (line for line in world.log_lines() if line["message"].startswith("request "))
    (job,) = world.double.account.jobs()
    assert (accepted["message"], accepted["job_ids"]) == ("request accepted", [job.id])
    assert (accepted["request_count"], accepted["contact_count"]) == (5, 7)
    assert accepted["request_ids"] == ["order-0", "order-1", "order-2", None, None]
    message_ids = [f"00000000-0000-0000-0000-{number:012}" for number in range(1, 8)]
    assert accepted["message_ids"] == [*message_ids[:3], *message_ids[4:6]]
    assert rejected["message_ids"] == [message_ids[3], message_ids[6]]
    assert (rejected["code"], "request_ids" in rejected) == ("InvalidRequest", False)
    counted = metrics(capsys)
    assert counted["RequestsAccepted", "bulk_delete"] == 5
    assert counted["ContactsSubmitted", "bulk_delete"] == 7
    assert counted["RequestsRejected", "InvalidRequest", "bulk_delete"] == 2


def test_requests_with_different_outcomes_do_not_share_a_line(world: World) -> None:
    """The jobs of both end alike, but they are two."""
    batches = [
        sqs_event(bulk_delete([contact_id(number)], request_id=str(number)), queue=QUEUE) for number in (1, 2)
    ]
    for batch in batches:
        world.bulk_delete(batch)
    world.jobs_end()

    world.deletion_status(sqs_event(*world.status_messages(), queue="DeletionStatusQueue"))

    completed = [line for line in world.log_lines() if line["message"] == "request completed"]
    assert sorted(line["request_id"] for line in completed) == ["1", "2"]
    assert completed[0]["job_ids"] != completed[1]["job_ids"]


def test_no_line_is_longer_than_an_event_of_cloudwatch_logs(world: World) -> None:
    """With the longest IDs that a status check may have; it may have ten times as many jobs."""
    jobs = [world.double.account.delete_contacts([contact_id(1)]).id for _ in range(100)]
    requests = [
        {"operation": "bulk_delete", "request_id": f"{number:-<128}", "message_id": f'{number:"<128}'}
        for number in range(1_200)
    ]
    world.jobs_end()
    message = {"job_ids": jobs, "requests": requests}

    world.deletion_status(sqs_event(message, queue="DeletionStatusQueue"))

    lines = [line for line in world.log.getvalue().splitlines() if "request completed" in line]
    other_jobs = 9 * len(json.dumps(jobs))
    assert max(map(len, lines)) + other_jobs < 256 * 1024 - 26  # what CloudWatch Logs adds to an event's size
    assert [json.loads(line)["request_count"] for line in lines] == [500, 500, 200]


@each_operation
def test_a_job_is_in_the_log_though_the_process_died_before_it_was_recorded(
    world: World, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of(world, operation)
    for recording in ("claim.Claim.record", "store.LedgerStore.write_batch"):
        monkeypatch.setattr(f"contact_deletion.ledger.{recording}", Mock(side_effect=Killed))

    with pytest.raises(Killed):
        deliver(world, operation, request)

    (job,) = world.double.account.jobs()
    started = [line for line in world.log_lines() if line["message"] == "deletion started"]
    assert [line["job_ids"] for line in started] == [[job.id]]


def test_the_metrics_count_what_was_done_since_they_were_last_put_out(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    request = bulk_delete([contact_id(1), contact_id(2)])
    world.bulk_delete(sqs_event(request, request, "not JSON", queue=QUEUE))
    first = metrics(capsys)
    world.double.faults.add(Fault(status=503))
    world.bulk_delete(sqs_event(bulk_delete([contact_id(3)]), queue=QUEUE))
    second = metrics(capsys)

    assert first["ContactsSubmitted", "bulk_delete"] == 2
    assert first["ApiCalls", "bulk_delete"] == second["ApiCalls", "bulk_delete"] == 1
    assert first["RequestsAccepted", "bulk_delete"] == first["RequestsReplayed", "bulk_delete"] == 1
    assert first["RequestsRejected", "bulk_delete"] == 1
    assert first["RequestsRejected", "InvalidRequest", "bulk_delete"] == 1
    assert second["RequestsDeferred", "bulk_delete"] == 1
    assert second["RequestsDeferred", "SendGridUnavailable", "bulk_delete"] == 1


def test_a_contact_that_is_left_alone_is_counted_once(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.double.account.add_contact(email="other@example.com", alternate_emails=["ada@example.com"])
    request = delete_by_identifiers(["ada@example.com"])
    world.bulk_delete(sqs_event(request, request, queue=QUEUE))
    assert metrics(capsys)["AlternateEmailMatches", "bulk_delete"] == 1
    (accepted, replayed) = world.outcomes()
    assert accepted["identifiers"] == replayed["identifiers"]
    assert accepted["identifiers"]["alternate_email_matches"] == 1


def test_seconds_waited_for_rate_limit_are_metric(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=10))
    world.bulk_delete(bulk_delete([contact_id(number) for number in range(300)]))
    assert metrics(capsys)["RateLimitWait", "bulk_delete"] == pytest.approx(sum(world.clock.slept))


def test_metrics_are_put_out_when_handler_raises(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.change_settings(consistency_window_seconds=0)
    world.double.poison_ids = {world.new_contact()}
    with pytest.raises(SendGridRefused):
        world.bulk_delete(bulk_delete(sorted(world.double.poison_ids)))
    assert metrics(capsys)["RequestsRejected", "SendGridRefused", "bulk_delete"] == 1


IDENTIFIERS = {
    "EMAIL": "ada.lovelace@example.org",
    "PHONENUMBERID": "+15555550142",
    "EXTERNALID": "customer-of-ours",
}
PERSONAL = ("ada.lovelace", "example.org", "5555550142", "TASKTOKEN", "customer-of-ours", API_KEY)


def test_no_personal_data_token_or_key_leaves_the_request(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    world.restart()
    email, phone, external_id = IDENTIFIERS.values()
    contact = world.new_contact(email=email, phone_number_id=phone, external_id=external_id)
    said = {"errors": [{"field": None, "message": f"{email} cannot go, +1 555 555 0142"}]}
    world.double.faults.add(Fault(method="DELETE", status=400, body=said))
    requests = [
        remove_identifier(contact, kind, value, task_token="TASKTOKEN")
        for kind, value in [*IDENTIFIERS.items(), ("email", email)]
    ]

    world.remove_identifier(sqs_event(*requests, requests[0] | {email: 1}, email, queue=QUEUE))

    letters = [
        {name: value for name, value in letter.items() if name != "body"} for letter in world.dead_letters()
    ]
    assert len(letters) == 4
    everything = (
        world.log.getvalue() + capsys.readouterr().out + json.dumps(letters) + json.dumps(world.ledger())
    )
    assert [secret for secret in PERSONAL if secret in everything] == []
