"""From a message in a queue to the event that says what became of it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.sendgrid_double import Fault
from local.waiting import wait_until
from tests.conftest import DUPLICATE_EVENTS
from tests.end_to_end.conftest import System
from tests.support.deployment import STATUS_QUEUE
from tests.support.events import bulk_delete

BULK = "BulkDeleteQueue"
Events = dict[str, dict[str, Any]]
JOB = "/v3/marketing/contacts/imports/{job_id}"


def add_contacts(system: System, count: int) -> dict[str, str]:
    """Gives the ids of new contacts, each by the `request_id` of the message that is to delete it."""
    return {
        str(uuid.uuid4()): system.double.account.add_contact(external_id=str(number))
        for number in range(count)
    }


def deletions(contacts: dict[str, str]) -> list[dict[str, Any]]:
    return [bulk_delete([contact], request_id=request_id) for request_id, contact in contacts.items()]


@pytest.fixture
def follow(system: System, record_property: Callable[[str, object], None]) -> Callable[[], Events]:
    """Has the jobs followed to their end; gives the event of each request.

    An event may arrive more than once (docs/events.md), and then says the same.
    """

    def follow() -> Events:
        system.follow_jobs()
        events = system.stack.recorded_events()
        by_request = {event["detail"]["request_id"]: event for event in events}
        for event in events:
            assert event["detail-type"] == by_request[event["detail"]["request_id"]]["detail-type"]
        record_property(DUPLICATE_EVENTS, len(events) - len(by_request))
        return by_request

    return follow


def asked(system: System) -> int:
    return sum(call.route == JOB for call in system.double.requests)


def test_each_of_a_thousand_messages_learns_of_its_own_contact_at_the_cost_of_a_question_for_each_job(
    system: System, follow: Callable[[], Events]
) -> None:
    system.double.account.force_next_jobs("errored")
    kept = system.double.account.add_contact(email="kept@example.com")
    contacts = add_contacts(system, 1000)
    system.work_in_full_batches(BULK, *deletions(contacts))
    jobs = system.double.account.jobs()
    assert len(system.double.requests) == len(jobs) == 5
    assert system.dead_letters(BULK) == {}
    assert len(system.stack.messages_of(STATUS_QUEUE)) == len(jobs)

    events = follow()

    assert asked(system) == len(jobs)
    assert any(job.status == "errored" for job in jobs)
    assert {request_id: event["detail-type"] for request_id, event in events.items()} == {
        request_id: f"Contact Deletion {'Failed' if contact in system.double.account else 'Completed'}"
        for request_id, contact in contacts.items()
    }
    remaining = [event["detail"]["remaining_contacts"] or {} for event in events.values()]
    assert {
        contact for there in remaining for contact in there.get("contact_ids", [])
    } == system.double.account.contact_ids() - {kept}
    assert kept in system.double.account


def test_an_environment_that_is_killed_loses_no_event(system: System, follow: Callable[[], Events]) -> None:
    contacts = add_contacts(system, 3)
    system.work(BULK, *deletions(contacts))
    system.double.faults.add(Fault(method="GET", route=JOB, delay_seconds=2))
    mapping = system.stack.event_source_mappings[STATUS_QUEUE]
    mapping.enable()
    wait_until(lambda: asked(system))

    system.stack.functions["DeletionStatusFunction"].kill()
    mapping.disable()
    system.stack.end_visibility_timeouts(STATUS_QUEUE)

    assert follow().keys() == contacts.keys()
