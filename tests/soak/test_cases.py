"""Each case by itself, with nothing else going wrong."""

import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from local.sendgrid_double.faults import Fault
from local.simulation.cases import Case
from local.simulation.invariants import broken, ends
from local.simulation.producers import Sent
from local.simulation.simulation import Simulation

_OTHERS = 20


def _send(simulation: Simulation, *messages: Sent) -> None:
    for sent in messages:
        simulation.send(sent)


def _others(simulation: Simulation) -> list[Sent]:
    return [simulation.producers.bulk(1) for _ in range(_OTHERS)]


def _bulk_deletion(simulation: Simulation, contacts: int) -> tuple[Sent, list[str]]:
    sent = simulation.producers.bulk(contacts)
    return sent, sent.payload["contact_ids"]


def _fail(simulation: Simulation, containing: str, status: int = 503) -> None:
    fault = Fault(method="DELETE", route=f"*{containing}*", status=status)
    simulation.sendgrid.faults.add(fault)


def _unknown_id(simulation: Simulation) -> None:
    simulation.sendgrid.unknown_id_status = 404
    _send(simulation, *_others(simulation), simulation.producers.stale(2))


def _stale_read(simulation: Simulation) -> None:
    simulation.sendgrid.unknown_id_status = 404
    simulation.sendgrid.account.settings.change(job_delay=0, read_lag_seconds=600)
    sent, ids = _bulk_deletion(simulation, 1)
    _send(simulation, sent)
    until = simulation.time() + 30
    while simulation.step(until):
        pass
    again = {"contact_ids": ids, "request_id": "again"}
    _send(simulation, replace(sent, serial=f"{sent.serial} again", body=json.dumps(again), payload=again))


def _shared_job(simulation: Simulation) -> None:
    simulation.sendgrid.account.force_next_jobs("errored")
    _send(simulation, *_others(simulation))


def _removed_before(simulation: Simulation) -> None:
    simulation.sendgrid.account.settings.job_delay = 400
    fault = Fault(method="DELETE", status=504, takes_effect=True)
    simulation.sendgrid.faults.add(fault)
    _send(simulation, simulation.producers.identifier())


def _identifier_left(simulation: Simulation) -> None:
    simulation.sendgrid.account.force_next_jobs("completed")
    _send(simulation, simulation.producers.identifier())


def _delete_all_left(simulation: Simulation) -> None:
    simulation.sendgrid.account.force_next_jobs("completed")
    _send(simulation, simulation.producers.delete_all())


def _stray_status(simulation: Simulation) -> None:
    simulation.sendgrid.account.settings.job_delay = 3_000
    _send(simulation, *_others(simulation))
    until = simulation.time() + 1_200
    while simulation.step(until):
        pass
    simulation.sendgrid.faults.add(Fault(method="GET", route="*/imports/*", status=409))


def _refused_look_up(simulation: Simulation) -> None:
    simulation.sendgrid.account.force_next_jobs("completed")
    sent, ids = _bulk_deletion(simulation, 3)
    simulation.sendgrid.unreadable_ids.add(ids[0])
    _send(simulation, sent)


def _direct_error(simulation: Simulation) -> None:
    sent, ids = _bulk_deletion(simulation, 500)
    simulation.sendgrid.failing_ids.add(ids[300])
    simulation.invoke_directly(sent)


def _partly_accepted(simulation: Simulation) -> None:
    sent, ids = _bulk_deletion(simulation, 1_500)
    _fail(simulation, ids[800])
    _send(simulation, sent)


def _failing_id(simulation: Simulation) -> None:
    _send(simulation, *_others(simulation), simulation.producers.failing())


def _claim_removed(simulation: Simulation) -> None:
    """The first delivery is deferred; the second is accepted while the first one's release is repeated."""
    sent = simulation.producers.delete_all()
    again = replace(sent, serial=f"{sent.serial} again")
    simulation.sendgrid.faults.add(Fault(route="*/count", status=503))
    simulation.wire.repeated = "dynamodb.DeleteItem"
    _send(simulation, sent, again)
    function = next(function for function in simulation.functions if function.name == "DeleteAll")
    simulation.deliver(function, 1)


def _delete_all_error(simulation: Simulation) -> None:
    fault = Fault(method="DELETE", status=503, takes_effect=True)
    simulation.sendgrid.faults.add(fault)
    _send(simulation, simulation.producers.delete_all())


def _forgotten_job(simulation: Simulation) -> None:
    simulation.sendgrid.account.settings.change(job_delay=5, job_lifetime_seconds=10)
    _send(simulation, *_others(simulation))


def _failing_job(simulation: Simulation) -> None:
    """Each of the others has a job of its own, and is to end with the first question."""
    simulation.sendgrid.account.settings.job_delay = 5
    deletion = next(function for function in simulation.functions if function.name == "BulkDelete")
    sent = [simulation.producers.bulk(1), *_others(simulation)]
    for each in sent:
        _send(simulation, each)
        simulation.deliver(deletion)
    simulation.sendgrid.failing_jobs.add(simulation.sendgrid.account.jobs()[0].id)
    until = simulation.time() + 60
    while simulation.step(until):
        pass
    known = ends(simulation)
    if late := [each.serial for each in sent[1:] if not known.get(each.serial)]:
        simulation.violations.append(f"messages {late} wait for the job of another")


def _edge_page(simulation: Simulation) -> None:
    _fail(simulation, "", 406)
    _send(simulation, *_others(simulation))


_SCENARIOS: dict[Case, Callable[[Simulation], None]] = {
    Case.UNKNOWN_ID: _unknown_id,
    Case.STALE_READ: _stale_read,
    Case.SHARED_JOB: _shared_job,
    Case.REMOVED_BEFORE: _removed_before,
    Case.IDENTIFIER_LEFT: _identifier_left,
    Case.DELETE_ALL_LEFT: _delete_all_left,
    Case.STRAY_STATUS: _stray_status,
    Case.REFUSED_LOOK_UP: _refused_look_up,
    Case.DIRECT_ERROR: _direct_error,
    Case.PARTLY_ACCEPTED: _partly_accepted,
    Case.FAILING_ID: _failing_id,
    Case.CLAIM_REMOVED: _claim_removed,
    Case.DELETE_ALL_ERROR: _delete_all_error,
    Case.FORGOTTEN_JOB: _forgotten_job,
    Case.FAILING_JOB: _failing_job,
    Case.EDGE_PAGE: _edge_page,
}


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_invariants_hold_in_each_case(case: Case) -> None:
    simulation = Simulation(1, log_level="INFO")
    simulation.chance.severity = 0.0
    with simulation.under_way():
        _SCENARIOS[case](simulation)
        while any(function.queue.messages for function in simulation.functions):
            simulation.step(until=math.inf)
    assert broken(simulation) == []
