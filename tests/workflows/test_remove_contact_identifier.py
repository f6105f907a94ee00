"""RemoveContactIdentifier, from its input to what SendGrid has in the end."""

import uuid
from typing import Any

import pytest

from local.sendgrid_double import Fault
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


def identifiers(workflows: Workflows, contact_id: str) -> set[str]:
    contact = workflows.double.account.contact(contact_id)
    assert contact is not None
    return set(contact.identifiers)


def test_the_identifier_goes_and_the_other_stays(workflows: Workflows, ada: str) -> None:
    ended = workflows.run(MACHINE, without_email(ada))

    assert ended.status == "SUCCEEDED"
    assert ended.output == {
        "status": "completed",
        "job_ids": [job.id for job in workflows.double.account.jobs()],
    }
    assert identifiers(workflows, ada) == {"EXTERNALID"}
    assert len(workflows.calls("DELETE")) == 1


def test_the_last_identifier_is_not_removed(workflows: Workflows) -> None:
    lonely = workflows.double.account.add_contact(email="ada@example.com")

    ended = workflows.run(MACHINE, without_email(lonely))

    assert error_of(ended) == ("FAILED", "LastIdentifier")
    assert workflows.calls("DELETE") == []


def test_the_function_looks_for_itself_whether_the_identifier_is_the_last(workflows: Workflows) -> None:
    """Much may happen to the contact between two states."""
    lonely = workflows.double.account.add_contact(email="ada@example.com")
    unchecked = {'"StartAt": "CheckIdentifier"': '"StartAt": "RemoveIdentifier"'}

    ended = workflows.run(MACHINE, without_email(lonely), unchecked)

    assert error_of(ended) == ("FAILED", "LastIdentifier")
    assert workflows.calls("DELETE") == []


def test_there_may_be_nothing_to_remove(workflows: Workflows, ada: str) -> None:
    ended = workflows.run(MACHINE, remove_identifier(ada, "EMAIL", "somebody.else@example.com"))

    assert (ended.status, ended.output) == ("SUCCEEDED", {"status": "completed", "job_ids": []})
    assert workflows.calls("DELETE") == []


def test_a_contact_that_does_not_exist_is_told(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, without_email(str(uuid.uuid4())))

    assert error_of(ended) == ("FAILED", "ContactNotFound")


@pytest.mark.parametrize(
    "request_",
    [
        remove_identifier("nobody", "EMAIL", "a@example.com"),
        remove_identifier(str(uuid.uuid4()), "NAME", "a"),
    ],
)
def test_an_invalid_request_is_told(workflows: Workflows, request_: dict[str, Any]) -> None:
    ended = workflows.run(MACHINE, request_)

    assert error_of(ended) == ("FAILED", "InvalidRequest")
    assert workflows.double.requests == []


def test_a_job_that_fails_is_told(workflows: Workflows, ada: str) -> None:
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
    as_it_was = {"id": ada, "email": "ada@example.com", "external_id": "crm-1"}
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, times=2))
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, status=200, body=as_it_was, times=4))

    assert workflows.run(MACHINE, without_email(ada)).status == "SUCCEEDED"
    assert workflows.double.faults.pending() == []


def test_a_job_that_completes_and_removes_nothing_is_told(workflows: Workflows, ada: str) -> None:
    workflows.double.account.force_next_jobs("completed")

    ended = workflows.run(MACHINE, without_email(ada))

    assert error_of(ended) == ("FAILED", "DeletionFailed")
    assert "still has the identifier" in (ended.cause or "")


def test_where_a_job_does_not_end_within_a_day_the_contact_decides(workflows: Workflows, ada: str) -> None:
    workflows.double.account.force_next_jobs("pending")

    ended = workflows.run(MACHINE, without_email(ada), ACCEPTED_LONG_AGO)

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


def test_a_contact_that_is_gone_in_the_end_has_lost_the_identifier_too(
    workflows: Workflows, ada: str
) -> None:
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, times=2))
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, status=404))

    assert workflows.run(MACHINE, without_email(ada)).status == "SUCCEEDED"


def test_outages_are_waited_out(workflows: Workflows, ada: str) -> None:
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
def test_a_removal_whose_answer_was_lost_is_not_sent_twice(
    workflows: Workflows, ada: str, fault: Fault
) -> None:
    workflows.double.faults.add(fault)
    as_it_was = {"id": ada, "email": "ada@example.com", "external_id": "crm-1"}
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, times=2))
    workflows.double.faults.add(Fault(method="GET", route=CONTACT, status=200, body=as_it_was, times=2))

    ended = workflows.run(MACHINE, without_email(ada))

    assert (ended.status, ended.output) == ("SUCCEEDED", {"status": "completed", "job_ids": []})
    assert identifiers(workflows, ada) == {"EXTERNALID"}
    assert len(workflows.calls("DELETE")) == 1


def test_a_key_that_stays_revoked_ends_the_execution(workflows: Workflows, ada: str) -> None:
    workflows.double.api_keys = {"SG.another"}

    ended = workflows.run(MACHINE, without_email(ada), ONE_RETRY)

    assert error_of(ended) == ("FAILED", "SendGridUnauthorized")
    assert [call.status for call in workflows.double.requests] == [401, 401]


def test_a_key_that_is_valid_again_costs_nothing(workflows: Workflows, ada: str) -> None:
    workflows.double.faults.add(Fault(status=401, times=2))

    assert workflows.run(MACHINE, without_email(ada)).status == "SUCCEEDED"


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

    assert ended.status == "FAILED"
    assert ended.error == "Lambda.ResourceNotFoundException"
    assert len(workflows.calls("DELETE")) == 1
