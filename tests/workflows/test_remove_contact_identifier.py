"""RemoveContactIdentifier, from its input to what SendGrid has in the end."""

import uuid
from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.support.deployment import Deployment
from tests.support.events import remove_identifier
from tests.workflows.conftest import Changes, Workflows, error_of, function_arn, pending

MACHINE = "RemoveContactIdentifierStateMachine"
CONTACT = "/v3/marketing/contacts/{contact_id}"
IDENTIFIERS = "/v3/marketing/contacts/{contact_id}/identifiers"
JOB = "/v3/marketing/contacts/imports/{job_id}"
ONE_RETRY = {'"MaxAttempts": 60': '"MaxAttempts": 1'}
ACCEPTED_LONG_AGO = {'"accepted_at.$": "$$.State.EnteredTime"': '"accepted_at": "2020-01-01T00:00:00Z"'}


@pytest.fixture
def ada(workflows: Workflows) -> str:
    """A contact with two identifiers."""
    return workflows.double.account.add_contact(email="ada@example.com", external_id="crm-1")


def without_email(contact_id: str) -> dict[str, Any]:
    return remove_identifier(contact_id, "EMAIL", "ada@example.com")


def show_as_it_was(workflows: Workflows, ada: str, times: int) -> None:
    """After the first two looks, SendGrid shows the contact so often as if nothing had been removed."""
    as_it_was = {"id": ada, "email": "ada@example.com", "external_id": "crm-1"}
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, times=2))
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, status=200, body=as_it_was, times=times))


def identifiers(workflows: Workflows, contact_id: str) -> set[str]:
    contact = workflows.double.account.contact(contact_id)
    assert contact is not None
    return set(contact.identifiers)


def test_the_identifier_goes_and_the_other_stays(workflows: Workflows, ada: str) -> None:
    ended = workflows.run(MACHINE, without_email(ada))

    job_ids = [job.id for job in workflows.double.account.jobs()]
    assert (ended.status, ended.output) == ("SUCCEEDED", {"status": "completed", "job_ids": job_ids})
    assert identifiers(workflows, ada) == {"EXTERNALID"}
    assert len(workflows.calls("DELETE")) == 1


@pytest.mark.parametrize("first_state", ["CheckIdentifier", "RemoveIdentifier"])
def test_last_identifier_is_not_removed_whichever_state_looks(workflows: Workflows, first_state: str) -> None:
    """Much may happen to the contact between two states: the function that removes looks for itself."""
    lonely = workflows.double.account.add_contact(email="ada@example.com")
    from_there = {'"StartAt": "IsComplete"': f'"StartAt": "{first_state}"'}

    ended = workflows.run(MACHINE, without_email(lonely), from_there)

    assert error_of(ended) == ("FAILED", "LastIdentifier")
    assert workflows.calls("DELETE") == []


def test_there_may_be_nothing_to_remove(workflows: Workflows, ada: str) -> None:
    ended = workflows.run(MACHINE, remove_identifier(ada, "EMAIL", "somebody.else@example.com"))

    assert (ended.status, ended.output) == ("SUCCEEDED", {"status": "completed", "job_ids": []})
    assert workflows.calls("DELETE") == []


@pytest.mark.parametrize(
    ("request_", "error", "calls"),
    [
        ([], "InvalidRequest", 0),
        ({"contact_id": "nobody", "identifier_type": "EMAIL"}, "InvalidRequest", 0),
        (remove_identifier("nobody", "EMAIL", "a@example.com"), "InvalidRequest", 0),
        (remove_identifier(str(uuid.uuid4()), "NAME", "a"), "InvalidRequest", 0),
        (without_email(str(uuid.uuid4())), "ContactNotFound", 1),
    ],
)
def test_invalid_request_and_unknown_contact_are_named(
    workflows: Workflows, request_: dict[str, Any], error: str, calls: int
) -> None:
    ended = workflows.run(MACHINE, request_)

    assert error_of(ended) == ("FAILED", error)
    assert len(workflows.double.requests) == calls


def test_a_job_that_fails_is_reported(workflows: Workflows, ada: str) -> None:
    workflows.double.account.force_next_jobs("failed")

    ended = workflows.run(MACHINE, without_email(ada))

    assert error_of(ended) == ("FAILED", "DeletionFailed")
    assert len(workflows.calls("DELETE")) == 1


def test_a_failed_job_whose_identifier_is_gone_has_done_its_work(workflows: Workflows, ada: str) -> None:
    workflows.double.faults.add(Fault(method="GET", route=JOB, status=200, body={"status": "failed"}))

    ended = workflows.run(MACHINE, without_email(ada))

    assert (ended.status, ended.output["status"]) == ("SUCCEEDED", "completed")
    assert identifiers(workflows, ada) == {"EXTERNALID"}


def test_a_contact_that_is_shown_as_it_was_is_looked_at_again(workflows: Workflows, ada: str) -> None:
    show_as_it_was(workflows, ada, times=4)

    assert workflows.run(MACHINE, without_email(ada)).status == "SUCCEEDED"
    assert workflows.double.faults.pending() == []


@pytest.mark.parametrize(("ending", "accepted_at"), [("completed", {}), ("pending", ACCEPTED_LONG_AGO)])
def test_job_that_removes_nothing_or_does_not_end_within_a_day_has_failed(
    workflows: Workflows, ada: str, ending: Any, accepted_at: Changes
) -> None:
    workflows.double.account.force_next_jobs(ending)

    ended = workflows.run(MACHINE, without_email(ada), accepted_at)

    assert error_of(ended) == ("FAILED", "DeletionFailed")
    assert "still has the identifier" in (ended.cause or "")


@pytest.mark.parametrize(
    "slowness", [pending(JOB), Fault(method="GET", route=JOB, status=404, times=2)], ids=["pending", "hidden"]
)
def test_a_job_is_waited_for(workflows: Workflows, ada: str, slowness: Fault) -> None:
    workflows.double.faults.add(slowness)

    ended = workflows.run(MACHINE, without_email(ada))

    assert ended.status == "SUCCEEDED"
    assert [call.route for call in workflows.calls("GET")].count(JOB) == 3


def test_contact_that_is_gone_has_lost_the_identifier_too(workflows: Workflows, ada: str) -> None:
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, times=2))
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, status=404))

    assert workflows.run(MACHINE, without_email(ada)).status == "SUCCEEDED"


def test_outages_are_waited_out(workflows: Workflows, ada: str) -> None:
    workflows.double.faults.add(Fault(status=401, times=2))  # a key that is valid again
    for method, route, status in [("GET", CONTACT, 503), ("DELETE", IDENTIFIERS, 403), ("GET", JOB, 503)]:
        workflows.double.faults.add(Fault(method=method, route=route, status=status))
    workflows.double.faults.add(Fault(method="GET", route=JOB, drop=True))

    ended = workflows.run(MACHINE, without_email(ada))

    assert ended.status == "SUCCEEDED"
    assert identifiers(workflows, ada) == {"EXTERNALID"}
    assert [call.status for call in workflows.calls("DELETE")] == [403, 202]
    assert workflows.double.faults.pending() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="DELETE", drop=True, takes_effect=True),
        Fault(method="DELETE", status=504, takes_effect=True),
        Fault(method="DELETE", status=202, body={"job_id": {}}, takes_effect=True),
    ],
    ids=repr,
)
def test_removal_with_a_lost_response_is_sent_once(workflows: Workflows, ada: str, fault: Fault) -> None:
    workflows.double.faults.add(fault)
    show_as_it_was(workflows, ada, times=2)

    ended = workflows.run(MACHINE, without_email(ada))

    assert (ended.status, ended.output) == ("SUCCEEDED", {"status": "completed", "job_ids": []})
    assert identifiers(workflows, ada) == {"EXTERNALID"}
    assert len(workflows.calls("DELETE")) == 1


def test_a_key_that_stays_revoked_ends_the_execution(
    workflows: Workflows, deployment: Deployment, ada: str
) -> None:
    # The environment may remember an older key of another test, which costs one more call.
    deployment.rotate_api_key()
    workflows.run(MACHINE, without_email(str(uuid.uuid4())))
    workflows.double.requests.clear()
    workflows.double.api_keys = {"SG.another"}

    ended = workflows.run(MACHINE, without_email(ada), ONE_RETRY)

    assert error_of(ended) == ("FAILED", "SendGridUnauthorized")
    assert [call.status for call in workflows.double.requests] == [401, 401]


def test_a_question_that_takes_too_long_is_given_up(workflows: Workflows, ada: str) -> None:
    workflows.double.faults.add(Fault(method="GET", route=JOB, delay_seconds=1.5))

    ended = workflows.run(MACHINE, without_email(ada), {'"TimeoutSeconds": 360': '"TimeoutSeconds": 1'})

    assert error_of(ended) == ("FAILED", "States.Timeout")
    assert len(workflows.calls("DELETE")) == 1
    workflows.wait_until(lambda: workflows.double.requests[-1].status == 200)


def test_a_function_that_dies_is_invoked_again(workflows: Workflows, ada: str) -> None:
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, delay_seconds=2))
    execution = workflows.start(MACHINE, without_email(ada))
    workflows.wait_until(lambda: workflows.double.requests)

    workflows.stack.functions["IdentifierCheckFunction"].kill()

    assert workflows.end_of(execution).status == "SUCCEEDED"


def test_a_function_that_cannot_be_invoked_ends_the_execution(workflows: Workflows, ada: str) -> None:
    elsewhere: Changes = {function_arn("DeletionStatusFunction"): function_arn("Nothing")}

    ended = workflows.run(MACHINE, without_email(ada), elsewhere)

    assert error_of(ended) == ("FAILED", "Lambda.ResourceNotFoundException")
    assert len(workflows.calls("DELETE")) == 1
