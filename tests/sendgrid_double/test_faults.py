"""The queue of faults; what each fault does to a call is in test_gateway.py."""

from typing import Any

import pytest

from local.sendgrid_double import Fault
from local.sendgrid_double.faults import FaultQueue
from tests.sendgrid_double.support import CONTACTS


def test_faults_happen_so_many_times_in_the_order_they_were_added() -> None:
    queue = FaultQueue()
    queue.add(Fault(status=500, times=2))
    queue.add(Fault(status=502))
    taken = [queue.take("GET", CONTACTS)]
    assert queue.pending() == [Fault(status=500), Fault(status=502)]
    taken += [queue.take("GET", CONTACTS) for _ in range(3)]
    assert [fault and fault.status for fault in taken] == [500, 500, 502, None]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({}, True),
        ({"method": "DELETE"}, True),
        ({"method": "GET"}, False),
        ({"route": CONTACTS}, False),
        ({"route": f"{CONTACTS}/*"}, True),
        ({"method": "DELETE", "route": "*/{contact_id}/identifiers"}, True),
        ({"method": "GET", "route": "*"}, False),
    ],
)
def test_a_fault_is_for_the_calls_it_matches(pattern: dict[str, Any], matches: bool) -> None:
    queue = FaultQueue()
    queue.add(Fault(status=500, **pattern))
    assert (queue.take("DELETE", f"{CONTACTS}/{{contact_id}}/identifiers") is not None) is matches


def test_a_fault_that_does_not_match_lets_the_next_one_happen() -> None:
    queue = FaultQueue()
    queue.add(Fault(status=500, method="DELETE"))
    queue.add(Fault(status=502))
    assert queue.take("GET", CONTACTS) == Fault(status=502)
    assert queue.pending() == [Fault(status=500, method="DELETE")]


@pytest.mark.parametrize(
    "senseless",
    [{"times": 0}, {"delay_seconds": -1}, {"drop": True, "status": 500}, {"drop": True, "truncate": True}],
)
def test_a_senseless_fault_is_refused(senseless: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a fault has|no response to change"):
        Fault(**senseless)
