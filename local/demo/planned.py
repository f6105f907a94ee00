"""What goes wrong in the demo, because it was planned to."""

from dataclasses import dataclass

from local.demo.progress import Planned
from local.demo.workload import Workload
from local.sendgrid_double import Fault, SendGridDouble

_CONTACTS = "/v3/marketing/contacts"
_CONTACT = f"{_CONTACTS}/{{contact_id}}"


@dataclass(frozen=True)
class _PlannedFault:
    """Happens after so many calls without a fault."""

    text: str
    calls_before: int
    fault: Fault


_FAULTS = (
    _PlannedFault("1 deletion call: HTTP 429", 5, Fault(method="DELETE", route=_CONTACTS, status=429)),
    _PlannedFault("1 deletion call: HTTP 502", 8, Fault(method="DELETE", route=_CONTACTS, status=502)),
    _PlannedFault("1 deletion call: no answer", 8, Fault(method="DELETE", route=_CONTACTS, drop=True)),
    _PlannedFault("1 contact lookup: HTTP 503", 12, Fault(method="GET", route=_CONTACT, status=503)),
)


def plan(double: SendGridDouble) -> None:
    """The faults of single calls."""
    for planned in _FAULTS:
        fault = planned.fault
        double.faults.add(Fault(method=fault.method, route=fault.route, times=planned.calls_before))
        double.faults.add(fault)


def so_far(work: Workload, double: SendGridDouble, rejected: int) -> tuple[Planned, ...]:
    """All that was planned, and how much of it has happened; `rejected` counts the requests that were."""
    to_come = double.faults.pending()
    forced_jobs = [job for job in double.account.jobs() if job.forced_ending]
    return (
        *(Planned(planned.text, int(planned.fault not in to_come), 1) for planned in _FAULTS),
        Planned("1 job that leaves contacts", sum(job.status != "pending" for job in forced_jobs), 1),
        Planned(f"{len(work.rejected)} requests to be rejected", rejected, len(work.rejected)),
    )
