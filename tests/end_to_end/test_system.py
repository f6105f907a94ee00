"""From a message in a queue to what SendGrid has in the end."""

import json
from datetime import UTC, datetime

import pytest

from local.aws.execution_environment import FunctionError
from local.sendgrid_double import Fault, RateLimit
from local.waiting import wait_until
from tests.end_to_end.conftest import System
from tests.support.deployment import API_KEY
from tests.support.events import bulk_delete, contact_id, delete_all, remove_identifier

BULK = "BulkDeleteQueue"


def test_two_environments_share_a_rate_limit(system: System) -> None:
    system.double.rate_limiter.configure(RateLimit(limit=5, window_seconds=2, reset="seconds"))
    doomed = [system.double.account.add_contact(external_id=str(number)) for number in range(2000)]

    system.work_in_full_batches(BULK, *(bulk_delete([contact]) for contact in doomed))

    assert len(system.double.account) == 0
    answered = [call.status for call in system.double.requests]
    assert answered.count(202) == 10


def test_each_message_of_a_mixed_batch_has_its_own_end(system: System) -> None:
    good = bulk_delete([system.double.account.add_contact(external_id="1")])
    poison = bulk_delete([system.double.account.add_contact(external_id="2")])
    system.double.poison_ids = set(poison["contact_ids"])

    system.work(BULK, good, good, poison, "not JSON", {"contact_ids": "everyone"})

    assert system.dead_letters(BULK) == {
        json.dumps(poison): "SendGridRefused",
        "not JSON": "InvalidRequest",
        json.dumps({"contact_ids": "everyone"}): "InvalidRequest",
    }
    assert good["contact_ids"][0] not in system.double.account
    outcomes = system.outcomes("BulkDeleteFunction")
    assert sorted(line["replayed"] for line in outcomes if "replayed" in line) == [False, True]


def test_a_deferred_message_stays_in_flight_and_is_done_when_it_comes_back(system: System) -> None:
    doomed = system.double.account.add_contact(external_id="1")
    system.double.faults.add(Fault(status=503))
    system.send(BULK, bulk_delete([doomed]))
    wait_until(lambda: "SendGridUnavailable" in system.logs("BulkDeleteFunction"))
    system.stack.event_source_mappings[BULK].disable()
    with pytest.raises(TimeoutError):
        system.stack.wait_until_idle([BULK], stalled_after=1)
    assert doomed in system.double.account

    system.stack.end_visibility_timeouts(BULK)
    system.stack.event_source_mappings[BULK].enable()
    system.stack.wait_until_idle([BULK])

    assert doomed not in system.double.account
    codes = [line.get("code", "accepted") for line in system.outcomes("BulkDeleteFunction")]
    assert codes == ["SendGridUnavailable", "accepted"]


def test_an_environment_that_is_killed_loses_no_message(system: System) -> None:
    doomed = system.double.account.add_contact(external_id="1")
    system.double.faults.add(Fault(delay_seconds=3, times=1))
    system.send(BULK, bulk_delete([doomed], request_id="killed"))
    wait_until(lambda: system.double.requests)

    system.stack.functions["BulkDeleteFunction"].kill()
    system.stack.event_source_mappings[BULK].disable()
    system.stack.end_visibility_timeouts(BULK)
    system.stack.event_source_mappings[BULK].enable()
    system.stack.wait_until_idle([BULK])

    assert [line["message"] for line in system.outcomes("BulkDeleteFunction")] == ["request accepted"]


def test_a_rotated_key_costs_nothing(system: System) -> None:
    first, second = (system.double.account.add_contact(external_id=str(number)) for number in range(2))
    system.work(BULK, bulk_delete([first]))
    system.deployment.rotate_api_key()

    system.work(BULK, bulk_delete([second]))

    assert second not in system.double.account
    assert [call.status for call in system.double.requests] == [202, 401, 202]
    assert API_KEY not in system.logs("BulkDeleteFunction")


def test_identifiers_go_and_contacts_stay(system: System) -> None:
    ada = {"email": "ada@example.com", "external_id": "1", "phone_number_id": "+15555550100"}
    person = system.double.account.add_contact(**ada)
    lonely = system.double.account.add_contact(email="only@example.com")

    system.work(
        "RemoveIdentifierQueue",
        remove_identifier(person, "EMAIL", "ada@example.com"),
        remove_identifier(person, "PHONENUMBERID", "+15555550100"),
        remove_identifier(lonely, "EMAIL", "only@example.com"),
    )

    left = system.double.account.contact(person)
    assert left is not None
    assert (left.email, left.phone_number_id, left.external_id) == ("", "", "1")
    assert set(system.dead_letters("RemoveIdentifierQueue").values()) == {"LastIdentifier"}
    assert "example.com" not in system.logs("RemoveIdentifierFunction")


def test_a_delete_all_runs_once_and_only_within_its_guards(system: System) -> None:
    for number in range(3):
        system.double.account.add_contact(external_id=str(number))
    now = datetime.now(UTC).isoformat()
    allowed = delete_all(now, request_id="allowed")

    system.work("DeleteAllQueue", delete_all(now, request_id="too-many", max_contacts=2))
    assert len(system.double.account) == 3
    system.work("DeleteAllQueue", allowed, allowed)

    assert len(system.double.account) == 0
    assert [job.kind for job in system.double.account.jobs()] == ["delete_all"]
    assert list(system.dead_letters("DeleteAllQueue").values()) == ["DeleteAllRefused"]


def test_a_workflow_sees_answers_and_codes(system: System) -> None:
    request = bulk_delete([contact_id(1)], request_id="run-1")

    responses = [system.stack.invoke("BulkDeleteFunction", request) for _ in range(2)]
    with pytest.raises(FunctionError) as conflict:
        system.stack.invoke("BulkDeleteFunction", bulk_delete([contact_id(2)], request_id="run-1"))

    assert [response["replayed"] for response in responses] == [False, True]
    assert responses[0]["job_ids"] == responses[1]["job_ids"]
    assert conflict.value.error_type == "RequestConflict"
