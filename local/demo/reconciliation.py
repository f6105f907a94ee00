"""Compares what was requested with what the double, the queues and the outcome events report."""

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.aws.stack import EmbeddedStack
from local.demo.sentences import Event
from local.demo.workload import Workload
from local.sendgrid_double import Job, SendGridDouble
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS

# As many ids of 36 characters as fit in a request target of 8,000.
IDS_PER_CALL = 204

REQUEST_QUEUES = ("BulkDeleteQueue", "RemoveIdentifierQueue", "DeleteAllQueue")
STATUS_QUEUE = "DeletionStatusQueue"

# Counts bodies, each with its code.
DeadLetters = Counter[tuple[str, str]]


@dataclass(frozen=True)
class Evidence:
    """What the stack has of the requests in the end: how many messages are left in its queues, what is in the
    dead-letter queues, and the outcome events.
    """

    messages_left: int
    dead_letters: DeadLetters
    events: Sequence[Event]

    @classmethod
    def of(cls, stack: EmbeddedStack, events: Sequence[Event]) -> "Evidence":
        counts = stack.queue_counts()
        return cls(
            messages_left=sum(counts[queue].total for queue in (*REQUEST_QUEUES, STATUS_QUEUE)),
            dead_letters=Counter(
                (message["Body"], _code(message))
                for queue in (*REQUEST_QUEUES, STATUS_QUEUE)
                for message in stack.messages_of(queue.replace("Queue", "DeadLetterQueue"))
            ),
            events=events,
        )


def _code(message: Mapping[str, Any]) -> str:
    """Of a dead letter; one that SQS put there itself has none."""
    code: str = message["MessageAttributes"].get("ErrorCode", {}).get("StringValue", "(maxReceiveCount)")
    return code


def kinds(events: Iterable[Event]) -> Counter[str]:
    """How many messages ended in each kind of event."""
    of_message = {event["detail"]["message_id"]: event["detail-type"] for event in events}
    return Counter(kind.removeprefix("Contact Deletion ") for kind in of_message.values())


def kind_of(body: str, work: Workload, events: Iterable[Event]) -> str:
    """How the request with this body ended, in a word."""
    message_ids = {message_id for message_id, sent in work.sent.items() if sent == body}
    return ", ".join(kinds(event for event in events if event["detail"]["message_id"] in message_ids)).lower()


def duplicates(events: Collection[Event]) -> int:
    """Events beyond a message's first. Delivery is at least once, see docs/events.md."""
    return len(events) - len({event["detail"]["message_id"] for event in events})


def fewest_bulk_calls(work: Workload) -> int:
    """Deletions of distinct ids, each call as full as it can be."""
    return math.ceil(len(work.gone) / IDS_PER_CALL)


def failed_jobs(double: SendGridDouble) -> list[Job]:
    return [job for job in double.account.jobs() if job.status not in ("pending", "completed")]


def is_planned(event: Event, work: Workload, double: SendGridDouble) -> bool:
    """Whether this rejection or failure was meant to be."""
    detail = event["detail"]
    if event["detail-type"] == "Contact Deletion Rejected":
        return bool(detail["code"] == work.rejected.get(work.sent.get(detail["message_id"], "")))
    jobs = [double.account.job(job_id) for job_id in detail["job_ids"]]
    return any(job is not None and job.forced_ending is not None for job in jobs)


def discrepancies(work: Workload, evidence: Evidence, double: SendGridDouble) -> list[str]:
    """Everything that differs from what was requested. Empty if all is accounted for."""
    there = {contact.id: contact for contact in double.account.contacts()}
    spared = {contact_id for job in failed_jobs(double) for contact_id in job.contact_ids}
    checks: dict[str, Collection[Any]] = {
        "contacts that should be gone are still there": (work.gone & there.keys()) - spared,
        "contacts that no request named are gone": work.stay - there.keys(),
        "identifiers that should be removed are still there": {
            (contact, name)
            for contact, name in work.removed
            if contact in there and getattr(there[contact], name) and contact not in spared
        },
        "identifiers that no request named are gone": {
            (contact, name)
            for contact, _ in work.removed
            for name in IDENTIFIER_FIELDS.values()
            if contact in there and (contact, name) not in work.removed and not getattr(there[contact], name)
        },
        "delete-alls without a request": [
            call.route for call in double.requests if "delete_all_contacts" in call.target
        ],
        "jobs that failed without being planned to": [
            job.id for job in failed_jobs(double) if job.forced_ending is None
        ],
    }
    return _found(checks) + message_discrepancies(work, evidence, double)


def reset_discrepancies(work: Workload, evidence: Evidence, double: SendGridDouble) -> list[str]:
    """The same after a delete-all."""
    return _found({"contacts are left": double.account.contact_ids()}) + message_discrepancies(
        work, evidence, double
    )


def message_discrepancies(work: Workload, evidence: Evidence, double: SendGridDouble) -> list[str]:
    """Each message is out of its queue and has an outcome event, which says what became of its contacts. More than one
    event or dead letter of the same message is allowed, if they say the same.
    """
    jobs = {job.id: job for job in double.account.jobs()}
    there = double.account.contact_ids()
    of_message: dict[str, list[Event]] = {}
    for event in evidence.events:
        of_message.setdefault(event["detail"]["message_id"], []).append(event)
    expected_dead = set(work.rejected.items())
    checks: dict[str, Collection[Any]] = {
        "messages left in the queues": [evidence.messages_left] if evidence.messages_left else [],
        "messages without an outcome event": work.sent.keys() - of_message.keys(),
        "outcome events of messages that were not sent": of_message.keys() - work.sent.keys(),
        "messages with events that contradict each other": [
            message_id for message_id, events in of_message.items() if len({_said(e) for e in events}) > 1
        ],
        "messages with an event that contradicts SendGrid": [
            message_id
            for message_id, events in of_message.items()
            if not all(_is_true(event, work, jobs, there) for event in events)
        ],
        "codes of dead letters that were not expected": [
            code for _, code in evidence.dead_letters.keys() - expected_dead
        ],
        "codes of dead letters that are missing": [
            code for _, code in expected_dead - evidence.dead_letters.keys()
        ],
    }
    return _found(checks)


def _found(checks: Mapping[str, Collection[Any]]) -> list[str]:
    return [f"{what}: {len(found):,}, such as {next(iter(found))}" for what, found in checks.items() if found]


def _said(event: Event) -> tuple[str, str | None, tuple[str, ...]]:
    return event["detail-type"], event["detail"]["code"], tuple(sorted(event["detail"]["job_ids"]))


def _is_true(event: Event, work: Workload, jobs: Mapping[str, Job], there: Collection[str]) -> bool:
    """`there` are the contacts that the account has."""
    body = work.sent.get(event["detail"]["message_id"], "")
    own = [jobs[job_id] for job_id in event["detail"]["job_ids"] if job_id in jobs]
    if event["detail-type"] == "Contact Deletion Rejected":
        return not own and event["detail"]["code"] is not None
    try:
        request = json.loads(body)
    except ValueError:
        return False
    to_delete = set(request.get("contact_ids", ()))
    if body in work.by_email:
        to_delete.add(work.by_email[body])
    named = to_delete | ({request["contact_id"]} if "contact_id" in request else set())
    carried = {contact_id for job in own for contact_id in job.contact_ids}
    if named and any(named.isdisjoint(job.contact_ids) for job in own):
        return False
    # What SendGrid no longer had when it was looked up is in no job.
    if own and not named <= carried | (to_delete - set(there)):
        return False
    failed = any(job.status != "completed" for job in own)
    if event["detail-type"] == "Contact Deletion Failed":
        return failed
    # A job that leaves contacts behind is no failure of a request whose own are gone.
    return to_delete.isdisjoint(there) if to_delete else not failed
