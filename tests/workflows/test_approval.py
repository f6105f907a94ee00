"""BackupThenDeleteAll where a person is asked before anything is deleted."""

import json
import shlex
from collections.abc import Set
from typing import Any

import pytest

from local.aws.account import arn
from local.aws.state_machines import Execution
from tests.workflows.backup import MACHINE, assert_nothing_deleted, backed_up, fill, request
from tests.workflows.conftest import Workflows, error_of, name_of

TOPIC = "Approvals"
TOPIC_ARN = arn("sns", TOPIC)
ASKING = {'"topic": ""': f'"topic": "{TOPIC_ARN}"'}
ASKING_FOR_A_SECOND = ASKING | {"States.StringToJson('86400')": "States.StringToJson('1')"}


@pytest.fixture
def contacts(workflows: Workflows) -> Set[str]:
    workflows.stack.sns.create_topic(Name=TOPIC)
    return fill(workflows)


def output_of(command: str) -> str:
    """What one of the message's commands answers the task with."""
    words = shlex.split(command)
    assert words[:3] == ["aws", "stepfunctions", "send-task-success"]
    return words[words.index("--task-output") + 1]


class Question:
    """A run that waits for approval, and the message that asks for it."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self._execution = workflows.start(MACHINE, request(), ASKING)
        workflows.wait_until(self._messages)
        (self.published,) = self._messages()
        self.message = json.loads(self.published["Message"])

    def _messages(self) -> list[dict[str, Any]]:
        return [
            published
            for published in self._workflows.stack.published(TOPIC_ARN)
            if json.loads(published["Message"])["execution"] == name_of(self._execution)
        ]

    def answer(self, output: str) -> Execution:
        token = self.message["task_token"]
        self._workflows.stack.step_functions.send_task_success(taskToken=token, output=output)
        return self._workflows.end_of(self._execution)

    def fail(self) -> Execution:
        token = self.message["task_token"]
        self._workflows.stack.step_functions.send_task_failure(taskToken=token, error="No", cause="Not now")
        return self._workflows.end_of(self._execution)


def test_nothing_is_deleted_before_it_is_approved(workflows: Workflows, contacts: Set[str]) -> None:
    question = Question(workflows)
    assert workflows.double.account.contact_ids() == contacts

    ended = question.answer(output_of(question.message["to_approve"]))

    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)


@pytest.mark.parametrize("output", ["{}", '"yes"', "[]", '{"approved": "true"}'])
def test_anything_but_an_approval_is_none(workflows: Workflows, contacts: Set[str], output: str) -> None:
    assert_nothing_deleted(workflows, Question(workflows).answer(output), "ApprovalRejected", contacts)


def test_a_person_may_fail_the_task(workflows: Workflows, contacts: Set[str]) -> None:
    assert_nothing_deleted(workflows, Question(workflows).fail(), "No", contacts)


def test_nobody_answers(workflows: Workflows, contacts: Set[str]) -> None:
    ended = workflows.run(MACHINE, request(), ASKING_FOR_A_SECOND)

    assert_nothing_deleted(workflows, ended, "ApprovalTimedOut", contacts)


def test_contacts_that_came_while_approval_was_waited_for_are_not_lost(
    workflows: Workflows, contacts: Set[str]
) -> None:
    question = Question(workflows)
    newcomer = workflows.double.account.add_contact(email="newcomer@example.com")

    ended = question.answer('{"approved": true}')

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts | {newcomer})


def test_the_message_says_what_is_approved(workflows: Workflows, contacts: Set[str]) -> None:
    question = Question(workflows)

    message = question.message
    ended = question.answer(output_of(message["to_reject"]))

    assert error_of(ended) == ("FAILED", "ApprovalRejected")

    assert message["contact_count"] == len(contacts)
    assert (message["bucket"], message["manifest_key"]) == (
        workflows.stack.ref("BackupBucket"),
        f"backups/{name_of(ended.arn)}/manifest.json",
    )
    assert "_s3" not in question.published["Message"]
    assert "example.com" not in question.published["Message"]
