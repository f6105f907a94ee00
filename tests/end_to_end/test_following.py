"""From a message in a queue to the event that says what became of it."""

from typing import Any

from local.sendgrid_double import Fault
from tests.end_to_end.conftest import System, wait_until
from tests.support.events import bulk_delete

BULK = "BulkDeleteQueue"
STATUS = "DeletionStatusQueue"
JOB = "/v3/marketing/contacts/imports/{job_id}"


def accept(system: System, count: int) -> dict[str, str]:
    """Has so many messages accepted, of a contact each, and nobody follow them yet; gives the contact of each message,
    by its `request_id`.
    """
    contacts = {
        f"order-{number}": system.double.account.add_contact(external_id=str(number))
        for number in range(count)
    }
    system.stack.event_source_mappings[STATUS].disable()
    system.work(BULK, *(bulk_delete([contact], request_id=order) for order, contact in contacts.items()))
    return contacts


def follow(system: System) -> dict[str, dict[str, Any]]:
    """Has them followed to their end; gives the event of each request, which has only one."""
    system.stack.event_source_mappings[STATUS].enable()
    system.stack.wait_until_idle(timeout=60)
    events = system.stack.recorded_events()
    by_request = {event["detail"]["request_id"]: event for event in events}
    assert len(by_request) == len(events)
    return by_request


def asked(system: System) -> int:
    return sum(call.route == JOB for call in system.double.requests)


def test_each_of_a_thousand_messages_hears_of_its_own_job_at_the_cost_of_a_question_for_each_job(
    following_system: System,
) -> None:
    following_system.double.account.force_next_jobs("errored")
    contacts = accept(following_system, 1000)
    jobs = following_system.double.account.jobs()
    assert len(jobs) < 50
    assert len(following_system.stack.messages_of(STATUS)) == len(jobs)

    events = follow(following_system)

    assert asked(following_system) == len(jobs)
    (errored,) = [job for job in jobs if job.status == "errored"]
    assert {order: event["detail-type"] for order, event in events.items()} == {
        order: f"Contact Deletion {'Failed' if contact in errored.contact_ids else 'Completed'}"
        for order, contact in contacts.items()
    }
    still_there = [event["detail"]["contacts_still_there"] or {} for event in events.values()]
    assert {
        contact for there in still_there for contact in there.get("contact_ids", [])
    } == following_system.double.account.contact_ids()


def test_an_environment_that_is_killed_loses_no_event(following_system: System) -> None:
    contacts = accept(following_system, 3)
    following_system.double.faults.add(Fault(method="GET", route=JOB, delay_seconds=2))
    mapping = following_system.stack.event_source_mappings[STATUS]
    mapping.enable()
    wait_until(lambda: asked(following_system))

    following_system.stack.functions["DeletionStatusFunction"].kill()
    mapping.disable()
    following_system.stack.end_visibility_timeouts(STATUS)

    assert follow(following_system).keys() == contacts.keys()
