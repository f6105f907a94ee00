"""What was asked for, against what the double, the queues and the outcome events say became of it."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from local.aws.stack import EmbeddedStack
from local.demo.workload import Workload
from local.sendgrid_double import SendGridDouble
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS

IDS_PER_CALL = 204
"""As many ids of 36 characters as fit in a request target of 8,000."""

_FUNCTION_OF = {
    "BulkDeleteQueue": "BulkDeleteFunction",
    "RemoveIdentifierQueue": "RemoveIdentifierFunction",
    "DeleteAllQueue": "DeleteAllFunction",
    "DeletionStatusQueue": "DeletionStatusFunction",
}

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Outcomes:
    """What the functions' logs say: outcomes by message, deferrals by code."""

    accepted: set[str]
    replayed: set[str]
    rejected: set[str]
    deferred: Counter[str]


def outcomes(stack: EmbeddedStack) -> Outcomes:
    accepted: set[str] = set()
    replayed: set[str] = set()
    rejected: set[str] = set()
    deferred: Counter[str] = Counter()
    for function in _FUNCTION_OF.values():
        for line in stack.structured_logs(function):
            if line.get("message") == "request accepted":
                (replayed if line["replayed"] else accepted).add(line["message_id"])
            elif line.get("message") == "request rejected":
                rejected.add(line["message_id"])
            elif line.get("message") == "request deferred":
                deferred[line["code"]] += 1
    return Outcomes(accepted, replayed, rejected, deferred)


def kinds(events: Iterable[Event]) -> Counter[str]:
    """How many events of each kind there are."""
    return Counter(event["detail-type"].removeprefix("Contact Deletion ") for event in events)


def seconds_waited(stack: EmbeddedStack) -> float:
    """For the rate limit, as the functions' metrics say."""
    return sum(
        sum(line.get("RateLimitWait", ()))
        for function in _FUNCTION_OF.values()
        for line in stack.structured_logs(function)
    )


def dead_letters(stack: EmbeddedStack) -> Counter[str]:
    """Codes of the messages in the dead-letter queues; one that SQS put there itself has none."""
    return Counter(
        message.get("MessageAttributes", {}).get("ErrorCode", {}).get("StringValue", "(maxReceiveCount)")
        for queue in _FUNCTION_OF
        for message in stack.messages_of(queue.replace("Queue", "DeadLetterQueue"))
    )


def fewest_deletion_calls(work: Workload) -> int:
    """Bulk deletions of distinct ids as full as they can be, one call for each identifier."""
    return math.ceil(len(work.gone) / IDS_PER_CALL) + len(work.removed)


def discrepancies(work: Workload, stack: EmbeddedStack, double: SendGridDouble) -> list[str]:
    """Everything that is not as it was asked for; empty when all is accounted for."""
    there = {contact.id: contact for contact in double.account.contacts()}
    failed_jobs = [job for job in double.account.jobs() if job.status != "completed"]
    spared = {contact_id for job in failed_jobs for contact_id in job.contact_ids}
    expected_dead = dict(work.dead_letters)
    checks = {
        "contacts that should be gone are still there": (work.gone & there.keys()) - spared,
        "contacts that nobody named are gone": work.stay - there.keys(),
        "identifiers that should be removed are still there": {
            (contact, name)
            for contact, name in work.removed
            if getattr(there[contact], name) and contact not in spared
        },
        "identifiers that nobody named are gone": {
            (contact, name)
            for contact, _ in work.removed
            for name in IDENTIFIER_FIELDS.values()
            if (contact, name) not in work.removed and not getattr(there[contact], name)
        },
        "messages still in a queue": sum(stack.queue_counts()[queue].total for queue in _FUNCTION_OF),
        f"dead letters other than {expected_dead}": dead_letters(stack) - work.dead_letters
        or work.dead_letters - dead_letters(stack),
        "delete-alls that were not asked for": [
            call.route for call in double.requests if "delete_all_contacts" in call.target
        ],
        "jobs that failed otherwise than SendGrid was told to": [
            job.id for job in failed_jobs if job.forced_ending is None
        ],
    }
    found = [f"{what}: {found}" for what, found in checks.items() if found]
    return found + _wrong_events(work, stack.recorded_events(), double)


def _wrong_events(work: Workload, events: Iterable[Event], double: SendGridDouble) -> list[str]:
    """Each message has exactly one outcome event, and it says what became of the jobs that the message's ids are in."""
    told = Counter(event["detail"]["message_id"] for event in events)
    jobs = {job.id: job for job in double.account.jobs()}
    checks = {
        "messages without exactly one outcome event": [
            message_id
            for message_id in work.sent.keys() | told.keys()
            if told[message_id] != (message_id in work.sent)
        ],
        "events that say something else than their jobs": [
            event["detail"]["message_id"]
            for event in events
            if not _is_true(event, work.sent.get(event["detail"]["message_id"], ""), jobs)
        ],
    }
    return [f"{what}: {len(found)}, such as {found[0]}" for what, found in checks.items() if found]


def _is_true(event: Event, body: str, jobs: Mapping[str, Any]) -> bool:
    own = [jobs[job_id] for job_id in event["detail"]["job_ids"] if job_id in jobs]
    if event["detail-type"] == "Contact Deletion Rejected":
        return not own and event["detail"]["code"] is not None
    request = json.loads(body)
    named = set(request.get("contact_ids", [])) | {
        request[name] for name in ["contact_id"] if name in request
    }
    carried = {contact_id for job in own for contact_id in job.contact_ids}
    failed = any(job.status != "completed" for job in own)
    return (named <= carried or not own) and failed == (event["detail-type"] == "Contact Deletion Failed")


def reset_discrepancies(
    work: Workload, reset: Workload, stack: EmbeddedStack, double: SendGridDouble
) -> list[str]:
    """The same after the delete-all that was carried out."""
    told = Counter(event["detail"]["message_id"] for event in stack.recorded_events())
    checks = {
        "contacts are left": len(double.account),
        "messages without exactly one outcome event": [
            message_id for message_id in work.sent.keys() | reset.sent.keys() if told[message_id] != 1
        ],
        "dead letters": dead_letters(stack) - work.dead_letters,
    }
    return [f"{what}: {found}" for what, found in checks.items() if found]
