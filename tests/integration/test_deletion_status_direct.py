"""A workflow that invoked a deletion itself follows its jobs itself."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from contact_deletion.errors import InvalidRequest, RateLimited, SendGridUnauthorized, SendGridUnavailable
from local.sendgrid_double import Fault
from tests.integration.job_status import HOUR, JOB_ROUTE, contacts, listed
from tests.support.events import contact_id, status_check
from tests.support.world import World


def test_a_workflow_that_names_its_jobs_alone_learns_how_they_stand(world: World) -> None:
    ids = contacts(world, 3)
    job = world.double.account.delete_contacts(ids)

    pending = world.deletion_status({"job_ids": [job.id]})
    world.clock.advance(30)
    completed = world.deletion_status({"job_ids": [job.id]})

    reported = {"job_id": job.id, "requested_count": 3, "errored_count": None}
    unknown = dict.fromkeys(("request_id", "code", "remaining_contacts", "unchecked_contacts"))
    unreported = [unknown | {"message": ""}]
    finished_at = datetime.fromtimestamp(int(world.clock()), UTC).isoformat(timespec="milliseconds")
    assert pending == {
        "status": "pending",
        "job_ids": [job.id],
        "jobs": [reported | {"status": "pending", "deleted_count": None, "finished_at": None}],
        "requests": unreported,
        "retry_after": 30,
    }
    assert completed == {
        "status": "completed",
        "job_ids": [job.id],
        "jobs": [reported | {"status": "completed", "deleted_count": 3, "finished_at": finished_at}],
        "requests": unreported,
        "retry_after": 0,
    }


@pytest.mark.parametrize("ending", ["errored", "failed"])
def test_a_workflow_learns_that_a_job_failed_and_whose_contacts_are_left(world: World, ending: Any) -> None:
    ids = contacts(world, 2)
    world.double.account.force_next_jobs(ending)
    job = world.double.account.delete_contacts(ids)
    world.jobs_end()

    response = world.deletion_status(status_check([job.id], {"request_id": "run-1", "contact_ids": ids}))

    left = sorted(world.double.account.contact_ids())
    assert response["status"] == "failed"
    assert (response["jobs"][0]["status"], response["retry_after"]) == (ending, 0)
    assert response["requests"] == [
        {
            "request_id": "run-1",
            "code": "DeletionFailed",
            "message": f"the job ended {ending}; {len(left)} of the request's contacts are still there",
            "remaining_contacts": listed(*left),
            "unchecked_contacts": None,
        }
    ]


def test_one_request_whose_contacts_are_left_is_a_failure_of_the_whole(world: World) -> None:
    world.change_settings(contact_verification="always")
    gone, left = contacts(world, 2)
    job = world.double.account.delete_contacts([gone])
    world.jobs_end()

    response = world.deletion_status(status_check([job.id], {"contact_ids": [gone]}, {"contact_ids": [left]}))

    assert response["status"] == "failed"
    assert [request["code"] for request in response["requests"]] == [None, "DeletionFailed"]


ERRORS_URL = "https://errors.example.com/file?signature=planted"
ERRORED = Fault(
    route=JOB_ROUTE,
    status=200,
    body={"status": "errored", "results": {"errored_count": 1, "errors_url": ERRORS_URL}},
)


def test_a_workflow_that_asks_for_it_gets_the_link_to_a_jobs_errors(world: World) -> None:
    world.double.faults.add(ERRORED)

    response = world.deletion_status({"job_ids": ["job-1"], "include_errors_url": True})

    assert (response["jobs"][0]["errors_url"], response["jobs"][0]["errored_count"]) == (ERRORS_URL, 1)
    assert "planted" not in world.log.getvalue()


@pytest.mark.parametrize("request_fields", [{}, {"include_errors_url": False}])
def test_the_link_to_a_jobs_errors_is_only_for_its_caller(
    world: World, request_fields: dict[str, Any]
) -> None:
    """Step Functions keeps answers for 90 days."""
    world.double.faults.add(ERRORED)

    response = world.deletion_status({"job_ids": ["job-1"], **request_fields})

    assert "errors_url" not in response["jobs"][0]
    assert "planted" not in json.dumps(response) + world.log.getvalue()


@pytest.mark.parametrize("value", [1, 0, "true", None])
def test_the_link_is_asked_for_by_a_boolean(world: World, value: object) -> None:
    with pytest.raises(InvalidRequest, match="include_errors_url must be true or false"):
        world.deletion_status({"job_ids": ["job-1"], "include_errors_url": value})


def test_of_several_jobs_the_slowest_decides(world: World) -> None:
    done = world.double.account.delete_contacts(contacts(world, 1))
    world.clock.advance(30)
    under_way = world.double.account.delete_contacts(contacts(world, 1))

    response = world.deletion_status({"job_ids": [done.id, under_way.id]})

    assert response["status"] == "pending"
    assert [job["status"] for job in response["jobs"]] == ["completed", "pending"]


def test_retry_after_grows_with_the_age_of_the_job(world: World) -> None:
    world.double.account.force_next_jobs("pending")
    job = world.double.account.delete_contacts([contact_id(1)])
    accepted_at = world.now()

    reported = []
    for seconds in (0, 100, 1_000):
        world.clock.advance(seconds)
        reported.append(
            world.deletion_status({"job_ids": [job.id], "accepted_at": accepted_at})["retry_after"]
        )

    assert reported == [30, 100, 900]


def test_without_a_time_of_acceptance_a_job_is_never_given_up(world: World) -> None:
    world.double.account.force_next_jobs("pending")
    job = world.double.account.delete_contacts([contact_id(1)])
    world.clock.advance(48 * HOUR)

    assert world.deletion_status({"job_ids": [job.id]})["status"] == "pending"
    unknown = world.deletion_status({"job_ids": ["no-such-job"]})
    assert (unknown["status"], unknown["jobs"][0]["status"]) == ("pending", "unknown")


def test_a_direct_invocation_publishes_nothing(world: World) -> None:
    job = world.double.account.delete_contacts(contacts(world, 1))
    world.jobs_end()

    world.deletion_status(status_check([job.id], {"task_token": "token"}))

    assert world.outcome_events() == []
    assert world.task_responses == []
    assert world.status_messages() == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=503), SendGridUnavailable),
        (Fault(status=403), SendGridUnauthorized),
        (Fault(status=429, headers={"X-RateLimit-Reset": "600"}), RateLimited),
    ],
    ids=repr,
)
def test_a_workflow_gets_what_kept_the_job_from_being_asked_for_as_an_error(
    world: World, fault: Fault, error: type[Exception]
) -> None:
    world.double.faults.add(fault)
    with pytest.raises(error):
        world.deletion_status({"job_ids": ["job-1"]})


def test_a_workflows_bad_payload_is_an_error(world: World) -> None:
    with pytest.raises(InvalidRequest, match="missing field: job_ids"):
        world.deletion_status({})
