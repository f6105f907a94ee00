"""A job's state in other words and number formats than those documented, through the handler."""

from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.integration.job_status import GOES, JOB_ROUTE, accept, contacts, kinds
from tests.support.world import World


def state(status: str, requested: object, deleted: object) -> dict[str, Any]:
    return {"status": status, "results": {"requested_count": requested, "deleted_count": deleted}}


@pytest.mark.parametrize(
    "body", [state("Complete", 2, 2), state("done", "2", 2.0), state(" COMPLETED ", "2", "2")], ids=str
)
def test_job_that_is_completed_in_other_words_is_completed(world: World, body: dict[str, Any]) -> None:
    batch = accept(world, contacts(world, 2))
    world.jobs_end()
    world.double.faults.add(Fault(route=JOB_ROUTE, status=200, body=body))

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Completed"}


@pytest.mark.parametrize(
    "body", [state("completed", "2", "1"), state("completed", "1,000", "999"), state("done", 2, 2)], ids=str
)
def test_completion_in_doubt_is_looked_into(world: World, body: dict[str, Any]) -> None:
    world.double.account.force_next_jobs("failed")
    batch = accept(world, contacts(world, 2))
    world.jobs_end()
    world.double.faults.add(Fault(route=JOB_ROUTE, status=200, body=body))

    assert world.deletion_status(batch) == GOES

    assert kinds(world) == {"order-0": "Failed"}
