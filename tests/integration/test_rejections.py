"""A message keeps the rejection that was reported when it comes back, whatever has changed by then."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig

from contact_deletion.errors import Rejected
from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, STAYS
from tests.integration.operations import (
    deliver,
    each_operation,
    ledger_records_nothing,
    request_of,
    sending_fails,
)
from tests.support.dynamodb import FailingCalls, counted_calls
from tests.support.events import bulk_delete, contact_id, delete_all, remove_identifier
from tests.support.world import TABLE, World

DEAD_LETTERS = "BulkDeleteDeadLetterQueue"


def refused_by_sendgrid(world: World) -> dict[str, Any]:
    world.change_settings(consistency_window_seconds=0)
    world.double.faults.add(Fault(method="DELETE", status=400))
    return bulk_delete([world.new_contact()], request_id="purge")


def too_many_contacts(world: World) -> dict[str, Any]:
    """Two of them are gone when their jobs are done."""
    for _ in range(2):
        world.double.account.delete_contacts([world.new_contact()])
    world.new_contact()
    return delete_all(world.now(), max_contacts=2)


def last_identifier(world: World) -> dict[str, Any]:
    contact = world.new_contact(email="ada@example.com")
    return remove_identifier(contact, "EMAIL", "ada@example.com", request_id="erasure")


def unknown_contact(world: World) -> dict[str, Any]:
    return remove_identifier(contact_id(404), "EMAIL", "ada@example.com")


CASES = {
    "SendGridRefused": ("bulk_delete", refused_by_sendgrid),
    "DeleteAllRefused": ("delete_all", too_many_contacts),
    "LastIdentifier": ("remove_identifier", last_identifier),
    "ContactNotFound": ("remove_identifier", unknown_contact),
}
each_case = pytest.mark.parametrize(
    ("code", "operation", "prepare"), [(code, *case) for code, case in CASES.items()], ids=CASES
)
Prepare = Callable[[World], dict[str, Any]]


def fix(world: World) -> None:
    """What was rejected would be accepted now."""
    account = world.double.account
    lonely = [each.id for each in account.contacts() if each.identifiers == {"EMAIL": "ada@example.com"}]
    account.delete_contacts(lonely or [contact_id(405)])
    world.clock.advance(60)
    for contact in {*lonely, contact_id(404)} - account.contact_ids():
        account.add_contact(contact_id=contact, email="ada@example.com", external_id="customer-7")


@each_case
def test_a_redelivered_message_gets_its_first_outcome(
    world: World, code: str, operation: str, prepare: Prepare
) -> None:
    request = prepare(world)
    with sending_fails(world, DEAD_LETTERS):
        assert deliver(world, operation, request) == STAYS
    (reported,) = world.outcome_events()
    asked = len(world.deletions())
    fix(world)

    assert deliver(world, operation, request, receive_count=2) == GOES

    (again,) = world.outcome_events()
    assert again == reported | {"ended_at": again["ended_at"]}
    assert (reported["kind"], reported["code"]) == ("Rejected", code)
    assert [letter["ErrorCode"] for letter in world.dead_letters()] == [code]
    assert len(world.deletions()) == asked


@each_case
def test_a_redriven_message_is_tried_again(world: World, code: str, operation: str, prepare: Prepare) -> None:
    """SQS gives it another message id; here it is the second of a batch."""
    request = prepare(world)
    assert deliver(world, operation, request) == GOES
    fix(world)

    assert deliver(world, operation, "{}", request, receive_count=2) == GOES

    assert [letter["ErrorCode"] for letter in world.dead_letters()] == [code, "InvalidRequest"]
    assert len(world.status_messages()) == 1


@each_case
def test_a_direct_invocation_is_tried_again(
    world: World, code: str, operation: str, prepare: Prepare
) -> None:
    request = prepare(world)
    with pytest.raises(Rejected) as rejected:
        getattr(world, operation)(request)
    fix(world)

    assert rejected.value.code == code
    assert getattr(world, operation)(request)["status"] == "accepted"


@each_case
def test_a_rejection_that_cannot_be_recorded_is_not_reported(
    world: World, code: str, operation: str, prepare: Prepare
) -> None:
    request = prepare(world)
    with ledger_records_nothing(world):
        assert deliver(world, operation, request) == STAYS
    assert (world.outcome_events(), world.dead_letters()) == ([], [])
    assert [line["code"] for line in world.outcomes()] == ["LedgerUnavailable"]


def test_the_jobs_of_a_rejected_request_are_reported_again_too(world: World) -> None:
    world.change_settings(consistency_window_seconds=0)
    ids = [world.new_contact() for _ in range(300)]
    world.double.faults.add(Fault(method="DELETE"))
    world.double.faults.add(Fault(method="DELETE", status=400, times=9))
    request = bulk_delete(ids)
    with sending_fails(world, DEAD_LETTERS):
        deliver(world, "bulk_delete", request)

    deliver(world, "bulk_delete", request, receive_count=2)

    jobs = [job.id for job in world.double.account.jobs()]
    assert [event["job_ids"] for event in world.outcome_events()] == [jobs, jobs]


@each_operation
def test_a_redelivered_message_waits_while_its_first_outcome_cannot_be_read(
    world: World, operation: str
) -> None:
    with FailingCalls(world.runtime.dynamodb, "BatchGetItem"):
        assert deliver(world, operation, request_of(world, operation), receive_count=2) == STAYS
    assert world.double.requests == []
    assert [line["code"] for line in world.outcomes()] == ["LedgerUnavailable"]


def test_the_record_of_a_rejection_is_powertools_own_and_outlasts_its_message(world: World) -> None:
    """Under the same key from version to version: what one has reported, the next one repeats."""
    deliver(world, "bulk_delete", refused_by_sendgrid(world))
    layer = DynamoDBPersistenceLayer(TABLE, boto3_client=world.runtime.dynamodb)
    layer.configure(IdempotencyConfig(hash_function="sha256"), key_prefix="bulk_delete")

    record = layer.get_record({"rejected_message": "00000000-0000-0000-0000-000000000001"})

    assert record is not None
    assert (record.response_json_as_dict() or {})["code"] == "SendGridRefused"
    assert float(record.expiry_timestamp or 0) > time.time() + 14 * 24 * 3600


def test_what_is_invalid_is_rejected_without_the_ledger(world: World) -> None:
    with counted_calls(world.runtime.dynamodb) as counts:
        assert deliver(world, "bulk_delete", "not JSON", {"contact_ids": []}) == GOES
    assert counts == {}


def test_a_thousand_messages_that_come_back_take_ten_look_ups_more(world: World) -> None:
    requests = [bulk_delete([contact_id(number)]) for number in range(1000)]
    with counted_calls(world.runtime.dynamodb) as counts:
        deliver(world, "bulk_delete", *requests, receive_count=2)
    assert counts == {"BatchGetItem": 20, "BatchWriteItem": 40}
