"""BackupThenDeleteAll where a person is asked before anything is deleted."""

import shlex
import string
from collections.abc import Set
from typing import Any

import pytest

from local.aws.account import arn
from local.aws.state_machines import Execution
from tests.workflows.backup import MACHINE, assert_nothing_deleted, backed_up, fill, request
from tests.workflows.conftest import Workflows, name_of

TOPIC = "Approvals"
TOPIC_ARN = arn("sns", TOPIC)
ASKING = {'"topic": ""': f'"topic": "{TOPIC_ARN}"'}
ASKING_FOR_A_SECOND = ASKING | {"States.StringToJson('86400')": "States.StringToJson('1')"}


@pytest.fixture
def contacts(workflows: Workflows) -> Set[str]:
    workflows.stack.sns.create_topic(Name=TOPIC)
    return fill(workflows)


class Question:
    """A run that waits for approval, and the mail that asks for it: of a text, the mail is that text."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self._execution = workflows.start(MACHINE, request(), ASKING)
        workflows.wait_until(self._messages)
        (self.published,) = self._messages()
        self.mail: str = self.published["Message"]
        self.approve, self.reject = [line for line in self.mail.splitlines() if line.startswith("aws ")]

    def _messages(self) -> list[dict[str, Any]]:
        return [
            published
            for published in self._workflows.stack.published(TOPIC_ARN)
            if name_of(self._execution) in published["Message"]
        ]

    def paste(self, command: str) -> Execution:
        """The command as a shell takes it from a mail, executed."""
        program, service, operation, *words = shlex.split(command)
        options = dict(zip(words[::2], words[1::2], strict=True))
        step_functions = self._workflows.stack.step_functions
        assert (program, service, operation) == ("aws", "stepfunctions", "send-task-success")
        assert options.pop("--region") == step_functions.meta.region_name
        # The AWS CLI's names of the parameters; --output is an option of its own.
        step_functions.send_task_success(
            taskToken=options.pop("--task-token"), output=options.pop("--task-output")
        )
        assert options == {}
        return self._workflows.end_of(self._execution)

    def answer(self, output: str) -> Execution:
        return self.paste(self.approve.replace("--task-output true", f"--task-output {shlex.quote(output)}"))

    def fail(self) -> Execution:
        token = shlex.split(self.approve)[-1]
        self._workflows.stack.step_functions.send_task_failure(taskToken=token, error="No", cause="Not now")
        return self._workflows.end_of(self._execution)


def test_nothing_is_deleted_before_it_is_approved(workflows: Workflows, contacts: Set[str]) -> None:
    question = Question(workflows)
    assert workflows.double.account.contact_ids() == contacts

    ended = question.paste(question.approve)

    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)


def test_nothing_is_deleted_when_it_is_refused(workflows: Workflows, contacts: Set[str]) -> None:
    question = Question(workflows)

    assert_nothing_deleted(workflows, question.paste(question.reject), "ApprovalRejected", contacts)


@pytest.mark.parametrize("output", ["{}", '"yes"', "[]", '"true"', "1", "null", '{"approved": true}'])
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

    ended = question.paste(question.approve)

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts | {newcomer})


def test_the_mail_says_what_is_approved(workflows: Workflows, contacts: Set[str]) -> None:
    question = Question(workflows)

    ended = question.paste(question.reject)

    execution = name_of(ended.arn)
    assert question.published["Subject"] == "Delete all SendGrid contacts?"
    assert f" {len(contacts)} contacts" in question.mail
    assert f"s3://{workflows.stack.ref('BackupBucket')}/backups/{execution}/manifest.json" in question.mail
    assert "86400 seconds" in question.mail
    assert "_s3" not in question.mail
    assert "example.com" not in question.mail


def test_the_commands_need_no_quotes(workflows: Workflows, contacts: Set[str]) -> None:
    """Shells differ in them, and mail clients change them."""
    question = Question(workflows)

    for command in (question.approve, question.reject):
        assert set(command) <= set(string.ascii_letters + string.digits + " -_=+/.:"), command

    question.paste(question.reject)
