"""What an operator sees: one line for each outcome, metrics to alarm on, and nobody's personal data."""

import json
import os
from typing import Any

import pytest

from contact_deletion.errors import SendGridRefused
from contact_deletion.handlers import bulk_delete as handler_module
from local.sendgrid_double import Fault, RateLimit
from tests.integration.operations import deliver, each_operation, request_of
from tests.support.events import bulk_delete, contact_id, remove_identifier, sqs_event
from tests.support.world import API_KEY, World

QUEUE = "BulkDeleteQueue"


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, ...], float]:
    """Every metric that was put out: its name and the values of its dimensions beside the service, and its sum."""
    sums: dict[tuple[str, ...], float] = {}
    for line in capsys.readouterr().out.splitlines():
        blob = json.loads(line)
        for directive in blob["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Test"
            (dimensions,) = directive["Dimensions"]
            assert "service" in dimensions
            values = tuple(blob[name] for name in sorted(dimensions) if name != "service")
            for metric in directive["Metrics"]:
                key = (metric["Name"], *values)
                sums[key] = sums.get(key, 0) + sum(blob[metric["Name"]])
    return sums


def test_each_outcome_has_one_line(world: World) -> None:
    request = bulk_delete([contact_id(1), contact_id(2)], request_id="seen")
    world.double.faults.add(Fault(method="DELETE"))

    world.bulk_delete(sqs_event(request, "not JSON", request, queue=QUEUE, receive_count=2))

    accepted, rejected, replayed = world.outcomes()
    (job,) = world.double.account.jobs()
    assert accepted["level"] == "INFO"
    assert {
        name: accepted[name] for name in ("operation", "request_id", "message_id", "job_ids", "contact_count")
    } == {
        "operation": "bulk_delete",
        "request_id": "seen",
        "message_id": "00000000-0000-0000-0000-000000000001",
        "job_ids": [job.id],
        "contact_count": 2,
    }
    assert (accepted["replayed"], replayed["replayed"], accepted["receive_count"]) == (False, True, 2)
    assert (rejected["level"], rejected["code"]) == ("WARNING", "InvalidRequest")
    assert rejected["reason"] == "the message body is not JSON"


class Killed(BaseException):
    """The process ends here."""


@each_operation
def test_a_job_is_in_the_log_though_the_process_died_before_it_was_recorded(
    world: World, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    request = request_of(world, operation)
    for recording in ("claim.Claim.record", "store.LedgerStore.write_batch"):
        monkeypatch.setattr(f"contact_deletion.ledger.{recording}", die)

    with pytest.raises(Killed):
        deliver(world, operation, request)

    (job,) = world.double.account.jobs()
    assert [line["job_ids"] for line in world.log_lines() if line["message"] == "deletion started"] == [
        [job.id]
    ]


def test_the_metrics_count_what_was_done(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    request = bulk_delete([contact_id(1), contact_id(2)])
    world.bulk_delete(sqs_event(request, request, "not JSON", queue=QUEUE))
    world.double.faults.add(Fault(status=503))
    world.bulk_delete(sqs_event(bulk_delete([contact_id(3)]), queue=QUEUE))

    seen = metrics(capsys)

    assert seen["ContactsSubmitted", "bulk_delete"] == 2
    assert seen["ApiCalls", "bulk_delete"] == 2
    assert seen["RequestsAccepted", "bulk_delete"] == 1
    assert seen["RequestsReplayed", "bulk_delete"] == 1
    assert seen["RequestsRejected", "bulk_delete"] == 1
    assert seen["RequestsRejected", "InvalidRequest", "bulk_delete"] == 1
    assert seen["RequestsDeferred", "bulk_delete"] == 1
    assert seen["RequestsDeferred", "SendGridUnavailable", "bulk_delete"] == 1


def test_the_seconds_waited_for_the_rate_limit_are_a_metric(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.double.rate_limiter.configure(RateLimit(limit=1, window_seconds=10))

    world.bulk_delete(bulk_delete([contact_id(number) for number in range(300)]))

    assert metrics(capsys)["RateLimitWait", "bulk_delete"] == pytest.approx(sum(world.clock.slept))


def test_metrics_are_put_out_when_the_handler_raises(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.change_settings(consistency_window_seconds=0)
    world.double.poison_ids = {world.new_contact()}
    with pytest.raises(SendGridRefused):
        world.bulk_delete(bulk_delete(sorted(world.double.poison_ids)))

    assert metrics(capsys)["RequestsRejected", "SendGridRefused", "bulk_delete"] == 1


def test_counts_start_anew_with_each_invocation(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.bulk_delete(bulk_delete([contact_id(1)]))
    capsys.readouterr()

    world.bulk_delete(bulk_delete([contact_id(2)]))

    assert metrics(capsys)["ApiCalls", "bulk_delete"] == 1


PERSONAL = ("ada.lovelace", "example.org", "5555550142", "TASKTOKEN", "customer-of-ours", API_KEY)


def test_no_personal_data_token_or_key_leaves_the_request(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    world.restart()
    contact = world.new_contact(
        email="ada.lovelace@example.org", phone_number_id="+15555550142", external_id="customer-of-ours"
    )
    world.change_settings(dead_letter_queue_url=world.queue_url("RemoveIdentifierDeadLetterQueue"))
    world.double.faults.add(
        Fault(
            method="DELETE",
            status=400,
            body={
                "errors": [{"field": None, "message": "ada.lovelace@example.org cannot go, +1 555 555 0142"}]
            },
        )
    )
    requests = [
        remove_identifier(contact, kind, value, **{"task_token": "TASKTOKEN"})
        for kind, value in (
            ("EMAIL", "ada.lovelace@example.org"),
            ("PHONENUMBERID", "+15555550142"),
            ("EXTERNALID", "customer-of-ours"),
            ("email", "ada.lovelace@example.org"),
        )
    ]
    unknown_field = requests[0] | {"ada.lovelace@example.org": 1}

    world.remove_identifier(sqs_event(*requests, unknown_field, "ada.lovelace@example.org", queue=QUEUE))

    letters = [
        {name: value for name, value in letter.items() if name != "body"}
        for letter in world.dead_letters("RemoveIdentifierDeadLetterQueue")
    ]
    assert len(letters) == 4
    everything = (
        world.log.getvalue() + capsys.readouterr().out + json.dumps(letters) + json.dumps(world.ledger())
    )
    assert [secret for secret in PERSONAL if secret in everything] == []


def test_the_lambda_handler_is_built_from_the_environment_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.runtime.settings
    environment: dict[str, Any] = {
        "SENDGRID_BASE_URL": settings.sendgrid_base_url,
        "SENDGRID_API_KEY_SECRET_ID": settings.api_key_secret_id,
        "LEDGER_TABLE": settings.ledger_table,
        "DEAD_LETTER_QUEUE_URL": settings.dead_letter_queue_url,
        "DELETION_STATUS_QUEUE_URL": settings.deletion_status_queue_url,
        "POWERTOOLS_SERVICE_NAME": settings.service,
    }
    for name, value in environment.items():
        monkeypatch.setitem(os.environ, name, value)
    handler_module.function.cache_clear()

    answers = [handler_module.handler(bulk_delete([contact_id(number)]), world.context) for number in (1, 2)]

    assert [answer["status"] for answer in answers] == ["accepted", "accepted"]
    assert handler_module.function.cache_info().misses == 1
    handler_module.function.cache_clear()
