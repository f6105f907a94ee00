"""What must hold at the end of every run, whatever went wrong in it."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.soak.producers import ACCEPTED
from tests.soak.simulation import Simulation

REDRIVEN = "received too often"
UNFOLLOWED = "accepted, and said in the log not to be followed"


def broken(simulation: Simulation) -> list[str]:
    """Each violation in words."""
    found = [*simulation.violations, *_known_ends(simulation), *_no_job_lost(simulation)]
    found += [f"a leak: {leak}" for leak in simulation.secrets.leaks]
    if not simulation.bystanders <= simulation.sendgrid.account.contact_ids():
        found.append("a contact is gone that nobody named")
    return found


def ends(simulation: Simulation) -> dict[str, set[str]]:
    """By serial number: ACCEPTED, the code of a dead letter, REDRIVEN or UNFOLLOWED."""
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
    unfollowed = _unfollowed(simulation)
    for serial, sent in simulation.sent.items():
        if serial not in known and sent.payload and unfollowed.intersection(_named(sent.payload)):
            known[serial].add(UNFOLLOWED)
    return known


def _known_ends(simulation: Simulation) -> Iterator[str]:
    """I1."""
    known = ends(simulation)
    for serial, sent in simulation.sent.items():
        found = known.get(serial, set())
        if not found:
            yield f"message {serial} vanished: {sent}"
        elif wrong := found - sent.ends - {REDRIVEN, UNFOLLOWED}:
            yield f"message {serial} ended as {wrong}: {sent}"
        for code in found - {ACCEPTED, REDRIVEN, UNFOLLOWED}:
            if f"event {code}" not in simulation.ends[serial]:
                yield f"message {serial} is a dead letter ({code}) that no event tells of"
    received = Counter[str]()
    for function in simulation.functions:
        for message_id, times in function.queue.received.items():
            received[simulation.serials.get(message_id, "")] += times
    for serial, found in known.items():
        if len(found) > 1 and received[serial] < 2:
            yield f"message {serial}, delivered once, ended as {found}"


def _no_job_lost(simulation: Simulation) -> Iterator[str]:
    """I4."""
    for job_id in simulation.jobs_told - simulation.log.job_ids:
        yield f"job {job_id} was started, and the log does not know it"
    followed = simulation.ended_jobs | _given_up(simulation) | _unfollowed_jobs(simulation)
    followed |= simulation.jobs_of_workflows
    for item in simulation.cloud.table.items.values():
        if item["status"]["S"] == "COMPLETED" and "data" in item:
            for job_id in json.loads(item["data"]["S"]).get("job_ids", ()):
                if job_id not in followed:
                    yield f"job {job_id} is in the ledger, and no event tells of its end"


def _given_up(simulation: Simulation) -> set[str]:
    letters = simulation.cloud.queues["DeletionStatusDeadLetterQueue"].messages.values()
    return {job_id for letter in letters for job_id in json.loads(letter.body)["job_ids"]}


def _unfollowed_jobs(simulation: Simulation) -> set[str]:
    """Those that could neither be recorded nor followed; the log says both."""
    return _jobs_of(simulation, "the jobs of a request are not followed") & _jobs_of(
        simulation, "the ledger was not written"
    )


def _jobs_of(simulation: Simulation, failure: str) -> set[str]:
    return {
        job_id
        for line in simulation.log.failures
        if failure in line
        for job_id in re.findall(r'"([\w-]+)"', line.partition('"job_ids":[')[2].partition("]")[0])
    }


def _unfollowed(simulation: Simulation) -> set[str]:
    jobs = map(simulation.sendgrid.account.job, _unfollowed_jobs(simulation))
    contacts = {contact_id for job in jobs if job for contact_id in job.contact_ids}
    return contacts | _requests_not_followed(simulation)


def _requests_not_followed(simulation: Simulation) -> set[str]:
    """Their request ids, since a delete-all's job names no contact."""
    return {
        told["request_id"]
        for told in map(json.loads, simulation.log.failures)
        if "request_id" in told
        and told["message"] == "the jobs of a request are not followed"
        and _unfollowed_jobs(simulation).issuperset(told["job_ids"])
    }


def _named(payload: dict[str, object]) -> list[str]:
    ids = payload.get("contact_ids") or [payload.get("contact_id", payload.get("request_id"))]
    return [str(one) for one in ids] if isinstance(ids, list) else []
