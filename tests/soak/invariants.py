"""What must hold at the end of every run, whatever went wrong in it."""

import json
from collections import defaultdict
from collections.abc import Iterator

from tests.soak.producers import ACCEPTED
from tests.soak.simulation import Simulation

REDRIVEN = "received too often"
UNFOLLOWED = "DeletionUnfollowed"
_SECOND_ENDS = frozenset({UNFOLLOWED, "DeleteAllUnconfirmed", "RequestConflict"})
"""Of a message that comes back although it was accepted, where the ledger could not be written: its dead letter says
that it was accepted; or nobody knows whether it was; or the ledger has by now the other request of its `request_id`.
"""


def broken(simulation: Simulation) -> list[str]:
    """Each violation in words."""
    found = [*simulation.violations, *_known_ends(simulation), *_no_job_lost(simulation)]
    found += [f"a leak: {leak}" for leak in simulation.secrets.leaks]
    if not simulation.bystanders <= simulation.sendgrid.account.contact_ids():
        found.append("a contact is gone that nobody named")
    return found


def ends(simulation: Simulation) -> dict[str, set[str]]:
    """By serial number: ACCEPTED, the code of a dead letter, or REDRIVEN."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for serial, told in simulation.ends.items():
        known[serial] |= told & {ACCEPTED}
    for name, queue in simulation.cloud.queues.items():
        if name == "DeletionStatusDeadLetterQueue":
            for letter in queue.messages.values():
                for request in json.loads(letter.body)["requests"]:
                    if "message_id" in request:
                        known[simulation.serials[request["message_id"]]].add(ACCEPTED)
        elif name.endswith("DeadLetterQueue"):
            for letter in queue.messages.values():
                code = letter.attributes.get("ErrorCode", {"StringValue": REDRIVEN})["StringValue"]
                known[letter.attributes["Serial"]["StringValue"]].add(code)
    return known


def _known_ends(simulation: Simulation) -> Iterator[str]:
    """I1."""
    known = ends(simulation)
    for serial, sent in simulation.sent.items():
        found = known.get(serial, set())
        if not found:
            yield f"message {serial} vanished: {sent}"
        elif len(found - _SECOND_ENDS) > 1:
            yield f"message {serial} ended as {found}: {sent}"
        elif wrong := found - sent.ends - {REDRIVEN} - ({UNFOLLOWED} if ACCEPTED in sent.ends else set()):
            yield f"message {serial} ended as {wrong}: {sent}"
        for code in found - {ACCEPTED, REDRIVEN, UNFOLLOWED}:
            if f"event {code}" not in simulation.ends[serial]:
                yield f"message {serial} is a dead letter ({code}) that no event tells of"


def _no_job_lost(simulation: Simulation) -> Iterator[str]:
    """I4."""
    for job_id in simulation.jobs_told - simulation.log.job_ids:
        yield f"job {job_id} was started, and the log does not know it"
    followed = simulation.ended_jobs | _given_up(simulation) | simulation.jobs_of_workflows
    named = " ".join(_unfollowed(simulation))
    for item in simulation.cloud.table.items.values():
        record = (
            json.loads(item["data"]["S"]) if item["status"]["S"] == "COMPLETED" and "data" in item else {}
        )
        for job_id in record.get("job_ids", ()):
            if job_id not in followed and "code" not in record and job_id not in named:
                yield f"job {job_id} is in the ledger, and no event tells of its end"


def _given_up(simulation: Simulation) -> set[str]:
    letters = simulation.cloud.queues["DeletionStatusDeadLetterQueue"].messages.values()
    return {job_id for letter in letters for job_id in json.loads(letter.body)["job_ids"]}


def _unfollowed(simulation: Simulation) -> Iterator[str]:
    """What dead letters say of jobs that a person has to ask for. The ledger may have taken them all the same."""
    for queue in simulation.cloud.queues.values():
        for letter in queue.messages.values():
            if letter.attributes.get("ErrorCode", {}).get("StringValue") == UNFOLLOWED:
                yield letter.attributes["ErrorMessage"]["StringValue"]
