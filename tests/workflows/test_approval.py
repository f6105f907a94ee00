"""BackupThenDeleteAll where a person is asked before anything is deleted."""

import string
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from local.aws.account import REGION, arn
from local.aws.state_machines import Execution
from tests.support import shell
from tests.workflows.backup import MACHINE, assert_nothing_deleted, backed_up, fill, manifest_of, request
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
    """A run that waits for approval, and the mail that asks for it: SNS mails a text as it is."""

    def __init__(self, workflows: Workflows, directory: Path) -> None:
        self._workflows = workflows
        self._directory = directory
        self.execution = workflows.start(MACHINE, request(), ASKING)
        workflows.wait_until(self._messages)
        (self.published,) = self._messages()
        self.mail: str = self.published["Message"]
        self.approve, self.reject = [line for line in self.mail.splitlines() if line.startswith("aws ")]

    def _messages(self) -> list[dict[str, Any]]:
        return [
            published
            for published in self._workflows.stack.published(TOPIC_ARN)
            if name_of(self.execution) in published["Message"]
        ]

    def paste(self, command: str) -> Execution:
        """Into a shell, as it stands in the mail."""
        shell.run(command, self._workflows.stack.moto.url, self._directory)
        return self._workflows.end_of(self.execution)

    def answer(self, output: str) -> Execution:
        self._workflows.stack.step_functions.send_task_success(taskToken=self._token, output=output)
        return self._workflows.end_of(self.execution)

    def fail(self) -> Execution:
        self._workflows.stack.step_functions.send_task_failure(
            taskToken=self._token, error="No", cause="Not now"
        )
        return self._workflows.end_of(self.execution)

    @property
    def _token(self) -> str:
        token: str = self.approve.split()[-1]
        return token


@pytest.fixture
def question(workflows: Workflows, contacts: Set[str], tmp_path: Path) -> Question:
    return Question(workflows, tmp_path)


def test_nothing_is_deleted_before_it_is_approved(
    workflows: Workflows, contacts: Set[str], question: Question
) -> None:
    assert workflows.double.account.contact_ids() == contacts

    ended = question.paste(question.approve)

    assert ended.status == "SUCCEEDED"
    assert len(workflows.double.account) == 0
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)


def test_nothing_is_deleted_when_it_is_refused(
    workflows: Workflows, contacts: Set[str], question: Question
) -> None:
    ended = question.paste(question.reject)

    assert_nothing_deleted(workflows, ended, "ApprovalRejected", contacts)


@pytest.mark.parametrize("output", ["{}", '"yes"', "[]", '"true"', "1", "null", '{"approved": true}'])
def test_any_other_answer_is_a_refusal(
    workflows: Workflows, contacts: Set[str], question: Question, output: str
) -> None:
    assert_nothing_deleted(workflows, question.answer(output), "ApprovalRejected", contacts)


def test_a_person_may_fail_the_task(workflows: Workflows, contacts: Set[str], question: Question) -> None:
    assert_nothing_deleted(workflows, question.fail(), "No", contacts)


def test_nobody_answers(workflows: Workflows, contacts: Set[str]) -> None:
    ended = workflows.run(MACHINE, request(), ASKING_FOR_A_SECOND)

    assert_nothing_deleted(workflows, ended, "ApprovalTimedOut", contacts)


def test_contacts_that_came_while_approval_was_waited_for_are_not_lost(
    workflows: Workflows, contacts: Set[str], question: Question
) -> None:
    newcomer = workflows.double.account.add_contact(email="newcomer@example.com")

    ended = question.answer("true")

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts | {newcomer})


def test_a_backup_that_expired_while_approval_was_waited_for_is_none(
    workflows: Workflows, contacts: Set[str], question: Question
) -> None:
    """The bucket's lifecycle rule deletes it as this does: a week later it is gone."""
    (part,) = manifest_of(workflows, question.execution)["parts"]
    workflows.stack.s3.delete_object(Bucket=workflows.stack.ref("BackupBucket"), Key=part["key"])

    ended = question.answer("true")

    assert_nothing_deleted(workflows, ended, "BackupIncomplete", contacts)
    assert "expired" in (ended.cause or "")


def test_the_mail_says_what_is_approved(workflows: Workflows, contacts: Set[str], question: Question) -> None:
    execution = name_of(question.answer("false").arn)

    assert question.published["Subject"] == "Delete all SendGrid contacts?"
    assert f" {len(contacts)} contacts" in question.mail
    assert f"s3://{workflows.stack.ref('BackupBucket')}/backups/{execution}/manifest.json" in question.mail
    assert "86400 seconds" in question.mail
    assert "_s3" not in question.mail
    assert "example.com" not in question.mail


def test_the_commands_need_no_quotes(question: Question) -> None:
    """Shells differ in them, and mail clients change them."""
    question.answer("false")

    for command in (question.approve, question.reject):
        assert set(command) <= set(string.ascii_letters + string.digits + " -_=+/.:"), command
        assert f"--region {REGION}" in command
