"""What was asked for, against what the double and the queues say became of it."""

import math
from collections import Counter
from dataclasses import dataclass

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
}


@dataclass(frozen=True)
class Outcomes:
    """What the functions' logs say: final outcomes by message, deferrals by code."""

    accepted: set[str]
    replayed: set[str]
    rejected: set[str]
    deferred: Counter[str]

    @property
    def settled(self) -> int:
        return len(self.accepted | self.replayed | self.rejected)


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
    seen = outcomes(stack)
    expected_dead = dict(work.dead_letters)
    checks = {
        "contacts that should be gone are still there": work.gone & there.keys(),
        "contacts that nobody named are gone": work.stay - there.keys(),
        "identifiers that should be removed are still there": {
            removed for removed in work.removed if getattr(there[removed[0]], removed[1])
        },
        "identifiers that nobody named are gone": {
            (contact, name)
            for contact, _ in work.removed
            for name in IDENTIFIER_FIELDS.values()
            if (contact, name) not in work.removed and not getattr(there[contact], name)
        },
        "messages without a known end": work.message_count - seen.settled,
        "messages still in a queue": sum(stack.queue_counts()[queue].total for queue in _FUNCTION_OF),
        "messages with two ends": len((seen.accepted | seen.replayed) & seen.rejected),
        f"dead letters other than {expected_dead}": dead_letters(stack) - work.dead_letters
        or work.dead_letters - dead_letters(stack),
        "accepted messages too many or too few": work.accepted - len(seen.accepted | seen.replayed),
        "jobs that did not complete": [job.id for job in double.account.jobs() if job.status != "completed"],
        "delete-alls that were not asked for": [
            call.route for call in double.requests if "delete_all_contacts" in call.target
        ],
    }
    return [f"{what}: {found}" for what, found in checks.items() if found]


def reset_discrepancies(
    work: Workload, reset: Workload, stack: EmbeddedStack, double: SendGridDouble
) -> list[str]:
    """The same after the delete-all that was carried out."""
    delete_alls = [job.status for job in double.account.jobs() if job.kind == "delete_all"]
    checks = {
        "contacts are left": len(double.account),
        "not exactly one delete-all was done": delete_alls != ["completed"] and delete_alls,
        "messages without a known end": work.message_count + reset.message_count - outcomes(stack).settled,
        "dead letters": dead_letters(stack) - work.dead_letters,
    }
    return [f"{what}: {found}" for what, found in checks.items() if found]
