"""What must hold at the end of every run, whatever went wrong in it."""

import json
from collections import defaultdict
from collections.abc import Iterator

from local.simulation.producers import ACCEPTED, FAILED, GIVEN_UP, UNKNOWN, Sent
from local.simulation.simulation import Simulation

UNTRACKED = "DeletionUntracked"
# Of a message that comes back although it was accepted, where the ledger could not be written: its dead letter says
# that it was accepted; or it is unknown whether it was; or the ledger has by now the other request of its `request_id`;
# or SendGrid refuses to delete and to look up what is gone. And of one that is judged twice: a lookup is refused once.
_SECOND_ENDS = frozenset({UNTRACKED, "DeleteAllUnconfirmed", "RequestConflict", "SendGridRefused", UNKNOWN})


def broken(simulation: Simulation) -> list[str]:
    """Each violation in words."""
    judges = (
        simulation,
        simulation.sendgrid,
        simulation.deletions,
        simulation.reports,
        simulation.truth,
        simulation.accepted_contacts,
    )
    found = [
        *(violation for judge in judges for violation in judge.violations),
        *_known_ends(simulation),
        *_nothing_spared(simulation),
        *_no_job_lost(simulation),
        *(f"a leak: {leak}" for leak in simulation.secrets.leaks),
    ]
    if not simulation.bystanders <= simulation.sendgrid.account.contact_ids():
        found.append("a contact is gone that no request named")
    return found


def ends(simulation: Simulation) -> dict[str, set[str]]:
    """By serial number: COMPLETED, FAILED, UNKNOWN, the code of a dead letter, or GIVEN_UP."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for serial, reported in simulation.reports.ends.items():
        known[serial] |= reported & ACCEPTED
    for name, queue in simulation.cloud.queues.items():
        if name == "DeletionStatusDeadLetterQueue":
            for letter in queue.messages.values():
                for request in json.loads(letter.body)["requests"]:
                    if "message_id" in request:
                        known[simulation.serials[request["message_id"]]].add(GIVEN_UP)
        elif name.endswith("DeadLetterQueue"):
            for letter in queue.messages.values():
                code = letter.attributes.get("ErrorCode", {"StringValue": GIVEN_UP})["StringValue"]
                known[letter.attributes["Serial"]["StringValue"]].add(code)
    return known


def _known_ends(simulation: Simulation) -> Iterator[str]:
    """I1, and of I7 that nothing is received too often but what may be."""
    known = ends(simulation)
    for serial, sent in simulation.sent.items():
        found, allowed = known.get(serial, set()), _allowed(simulation, sent)
        if not found:
            yield f"message {serial} vanished: {sent}"
        elif len(found - _second_ends(simulation, sent)) > 1:
            yield f"message {serial} ended as {found}: {sent}"
        elif wrong := found - allowed:
            yield f"message {serial} ended as {wrong}: {sent}"
        for code in found - ACCEPTED - {GIVEN_UP, UNTRACKED}:
            if f"event {code}" not in simulation.reports.ends[serial]:
                yield f"message {serial} is a dead letter ({code}) without an event"


def _second_ends(simulation: Simulation, sent: Sent) -> frozenset[str]:
    """The ends that a message may have beside another.

    What one deletion leaves a second may delete, where the ledger does not know of the first. Into an empty account
    contacts may come.
    """
    if sent.serial not in simulation.disturbed:
        return frozenset()
    may_differ = sent.function == "DeleteAll" or len(simulation.reports.jobs[sent.serial]) > 1
    return _SECOND_ENDS | {FAILED} if may_differ else _SECOND_ENDS


def _allowed(simulation: Simulation, sent: Sent) -> frozenset[str]:
    """The ends that a message may have, by what became of its call."""
    allowed = sent.ends
    if sent.ends & ACCEPTED:
        allowed |= {UNTRACKED}
        sendgrid = simulation.sendgrid
        jobs = map(sendgrid.account.job, sendgrid.failing_jobs)
        failing = {contact_id for job in jobs if job for contact_id in job.contact_ids}
        if sent.function == "BulkDelete" and not failing.isdisjoint(sent.contact_ids):
            allowed |= {GIVEN_UP}
        # SendGrid refuses to look up an ID and to delete it: whether it has the contact cannot be known.
        if sendgrid.unknown_id_status != 202 and not sendgrid.unreadable_ids.isdisjoint(sent.contact_ids):
            allowed |= {"SendGridRefused"}
    return allowed


def _nothing_spared(simulation: Simulation) -> Iterator[str]:
    """Of I6, that of a request that SendGrid refused only what it refuses remains."""
    sendgrid = simulation.sendgrid
    refused = sendgrid.poison_ids | sendgrid.failing_ids
    asked_for = {contact_id for job in sendgrid.account.jobs() for contact_id in job.contact_ids}
    for serial, found in ends(simulation).items():
        if "SendGridRefused" in found and simulation.sent[serial].function == "BulkDelete":
            named = simulation.sent[serial].contact_ids
            if spared := (named & sendgrid.account.contact_ids()) - refused - asked_for:
                yield f"message {serial} was refused, and contacts that SendGrid does not refuse remain: {spared}"


def _no_job_lost(simulation: Simulation) -> Iterator[str]:
    """I4."""
    for job_id in simulation.named_jobs - simulation.log.job_ids:
        yield f"job {job_id} was started, and the log does not know it"
    followed = simulation.reports.ended_jobs | _given_up(simulation) | simulation.jobs_of_workflows
    named = " ".join(_untracked(simulation))
    for item in simulation.cloud.table.items.values():
        record = (
            json.loads(item["data"]["S"]) if item["status"]["S"] == "COMPLETED" and "data" in item else {}
        )
        if "resolution" in record and simulation.accepted_contacts.has_rotated:
            # It may have come back after the rotation and found nothing left to do. Whether that is true is I6.
            continue
        for job_id in record.get("job_ids", ()):
            if job_id not in followed and "code" not in record and job_id not in named:
                yield f"job {job_id} is in the ledger, and no event reports its end"


def _given_up(simulation: Simulation) -> set[str]:
    letters = simulation.cloud.queues["DeletionStatusDeadLetterQueue"].messages.values()
    return {job_id for letter in letters for job_id in json.loads(letter.body)["job_ids"]}


def _untracked(simulation: Simulation) -> Iterator[str]:
    """What dead letters say of jobs that a person has to ask for. The ledger may have taken them all the same."""
    for queue in simulation.cloud.queues.values():
        for letter in queue.messages.values():
            if letter.attributes.get("ErrorCode", {}).get("StringValue") == UNTRACKED:
                yield letter.attributes["ErrorMessage"]["StringValue"]
