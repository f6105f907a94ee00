"""The snippets of docs/workflows.md, as they stand there."""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.workflows.conftest import Changes, Workflows, changed, error_of, function_arn, name_of

DOCUMENT = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text()
AFTER_A_SECOND = {'"TimeoutSeconds": 172800': '"TimeoutSeconds": 1'}
STATUS_QUEUE = "DeletionStatusQueue"


def snippet(heading: str) -> Any:
    (found,) = re.findall(rf"^## {heading}$.*?^```json$(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    return json.loads(found)


def machine_of(state: dict[str, Any]) -> dict[str, Any]:
    """A machine of nothing but the state, and of what it names as the next."""
    raise_again = {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
    caught = {catch["Next"]: raise_again for catch in state.get("Catch", [])}
    return {"StartAt": "Snippet", "States": {"Snippet": state, **caught}}


A_QUEUE = machine_of(snippet("A queue"))
WITH_CALLBACK = machine_of(snippet("A queue with callback"))
A_DIRECT_TASK = snippet("A direct task")


def start(workflows: Workflows, machine: Any, request: object, changes: Changes | None = None) -> str:
    here = {f"${{{queue}Url}}": workflows.stack.ref(queue) for queue in ("BulkDeleteQueue", STATUS_QUEUE)}
    here["${BulkDeleteFunctionArn}"] = function_arn("BulkDeleteFunction")
    definition = json.dumps(machine)
    for name, value in here.items():
        definition = definition.replace(name, value)
    return workflows.start_definition(changed(definition, changes or {}), request)


def run(workflows: Workflows, machine: Any, request: object) -> Any:
    return workflows.end_of(start(workflows, machine, request))


@contextmanager
def jobs_are_not_tracked(workflows: Workflows) -> Iterator[None]:
    mapping = workflows.stack.event_source_mappings[STATUS_QUEUE]
    mapping.disable()
    try:
        yield
    finally:
        mapping.enable()


@pytest.fixture
def contacts(workflows: Workflows) -> Iterator[list[str]]:
    yield [workflows.double.account.add_contact(external_id=str(number)) for number in range(2)]
    workflows.stack.wait_until_idle()


def test_a_queue_takes_the_request_and_the_workflow_goes_on(
    workflows: Workflows, contacts: list[str]
) -> None:
    ended = run(workflows, A_QUEUE, {"contact_ids": contacts})

    assert ended.status == "SUCCEEDED"
    workflows.wait_until(lambda: not workflows.double.account)


def test_a_callback_comes_when_the_contacts_are_gone(workflows: Workflows, contacts: list[str]) -> None:
    ended = run(workflows, WITH_CALLBACK, {"contact_ids": contacts})

    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
    assert ended.output["request_id"] == name_of(ended.arn)
    assert ended.output["job_ids"] == [job.id for job in workflows.double.account.jobs()]
    assert ended.output["counts"] == {"requested": 2, "deleted": 2, "errored": None}


def test_a_callback_reports_a_job_that_failed(workflows: Workflows, contacts: list[str]) -> None:
    workflows.double.account.force_next_jobs("errored")

    ended = run(workflows, WITH_CALLBACK, {"contact_ids": contacts})

    assert error_of(ended) == ("FAILED", "DeletionFailed")
    left = json.loads(ended.cause)["remaining_contacts"]
    assert set(left["contact_ids"]) == workflows.double.account.contact_ids()


def test_a_callback_reports_a_rejection(workflows: Workflows, contacts: list[str]) -> None:
    ended = run(workflows, WITH_CALLBACK, {"contact_ids": [*contacts, "everybody"]})

    assert error_of(ended) == ("FAILED", "InvalidRequest")
    assert workflows.double.requests == []


def test_a_callback_that_comes_late_has_no_waiting_task(workflows: Workflows, contacts: list[str]) -> None:
    with jobs_are_not_tracked(workflows):
        execution = start(workflows, WITH_CALLBACK, {"contact_ids": contacts}, AFTER_A_SECOND)
        ended = workflows.end_of(execution)
        workflows.wait_until(lambda: workflows.stack.messages_of(STATUS_QUEUE))
    workflows.stack.wait_until_idle()

    assert error_of(ended) == ("FAILED", "States.Timeout")
    said = [
        line
        for line in workflows.stack.structured_logs("DeletionStatusFunction")
        if line.get("request_id") == name_of(ended.arn)
    ]
    assert "no workflow waits for this request" in [line["message"] for line in said]
    assert len(workflows.double.account) == 0


def test_a_direct_task_and_its_follower(workflows: Workflows, contacts: list[str]) -> None:
    workflows.double.faults.add(Fault(method="DELETE", status=503))

    ended = run(workflows, A_DIRECT_TASK, {"contact_ids": contacts})

    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
    assert ended.output["job_ids"] == [job.id for job in workflows.double.account.jobs()]


def test_the_status_task_after_a_direct_task_reports_a_job_that_failed(
    workflows: Workflows, contacts: list[str]
) -> None:
    workflows.double.account.force_next_jobs("failed")

    ended = run(workflows, A_DIRECT_TASK, {"contact_ids": contacts})

    assert error_of(ended) == ("FAILED", "DeletionFailed")


def test_the_status_task_after_a_direct_task_reports_what_remains_of_a_request_that_was_accepted_in_part(
    workflows: Workflows, contacts: list[str]
) -> None:
    workflows.double.poison_ids = {contacts[0]}

    ended = run(workflows, A_DIRECT_TASK, {"contact_ids": contacts})

    assert error_of(ended) == ("FAILED", "SendGridRefused")
    detail = json.loads(ended.cause)
    assert detail["job_ids"] == [job.id for job in workflows.double.account.jobs()]
    assert detail["remaining_contacts"]["contact_ids"] == [contacts[0]]


def test_a_direct_task_has_nothing_to_follow_where_there_was_nothing_to_do(workflows: Workflows) -> None:
    workflows.double.settings.change(unknown_id_status=404)

    ended = run(workflows, A_DIRECT_TASK, {"contact_ids": [str(uuid.uuid4())]})

    workflows.double.settings.change(unknown_id_status=202)
    assert ended.status == "SUCCEEDED"
    assert ended.output["deletion"]["job_ids"] == []


def test_a_direct_task_reports_a_refusal_at_once(workflows: Workflows, contacts: list[str]) -> None:
    ended = run(workflows, A_DIRECT_TASK, {"contact_ids": [*contacts, "everybody"]})

    assert error_of(ended) == ("FAILED", "Refused")
    assert workflows.double.requests == []
