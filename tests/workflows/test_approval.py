"""Workflows in which a person is asked before anything is deleted."""

import json
import string
import uuid
from collections.abc import Set
from pathlib import Path
from typing import Any

import pytest

from local.aws.names import REGION, arn
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

    def __init__(
        self, workflows: Workflows, directory: Path, machine: str = MACHINE, asked_for: Any = None
    ) -> None:
        self._workflows = workflows
        self._directory = directory
        self.execution = workflows.start(machine, asked_for or request(), ASKING)
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


def test_an_approval_that_never_comes(workflows: Workflows, contacts: Set[str]) -> None:
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


LIST_MACHINE = "DeleteContactListStateMachine"
GROUP = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"


@pytest.fixture
def list_question(workflows: Workflows, contacts: Set[str], tmp_path: Path) -> Question:
    """On a list with a duplicate, a bad row and a contact that is gone."""
    gone = str(uuid.uuid4())
    rows = ["contact_id", *sorted(contacts), sorted(contacts)[0], "nobody", gone]
    workflows.stack.s3.put_object(
        Bucket=workflows.stack.ref("ContactListBucket"), Key="lists/asked.csv", Body="\n".join(rows).encode()
    )
    asked_for = {"key": "lists/asked.csv", "max_rejected_rows": 1, "approval": True}
    return Question(workflows, tmp_path, LIST_MACHINE, asked_for)


@pytest.mark.parametrize("approves", [True, False])
def test_a_list_is_deleted_once_it_is_approved(
    workflows: Workflows, contacts: Set[str], list_question: Question, approves: bool
) -> None:
    assert workflows.double.account.contact_ids() == contacts

    ended = list_question.paste(list_question.approve if approves else list_question.reject)

    if approves:
        assert ended.status == "SUCCEEDED"
        assert len(workflows.double.account) == 0
    else:
        assert_nothing_deleted(workflows, ended, "ApprovalRejected", contacts)


def test_the_mail_about_a_list_has_its_plan(workflows: Workflows, list_question: Question) -> None:
    ended = list_question.answer("false")

    name, bucket = name_of(ended.arn), workflows.stack.ref("ContactListBucket")
    plan = json.loads(workflows.file("ContactListBucket", f"results/{name}/plan.json"))
    assert list_question.published["Subject"] == "Delete the contacts of a list?"
    assert list_question.mail.split("\n\nTo approve")[0] == (
        f'Delete the contacts of the file "lists/asked.csv" of the bucket {bucket}?\n\n'
        "Of its 8 rows, 6 are contacts to delete, 1 duplicates, 1 rejected, 0 identifiers that no contact has, and 0 "
        "alternate addresses of contacts, which are left alone. "
        f"Of a sample of {plan['sample_size']} contacts, {plan['sample_existing']} still exist.\n"
        f"The deletion takes {plan['calls']} calls, which the rate limit allows in {plan['minutes']} minutes.\n\n"
        f"The plan is s3://{bucket}/results/{name}/plan.json.\nExecution: {name}"
    )
    assert "86400 seconds" in list_question.mail


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_the_mail_about_a_list_of_sendgrids_names_its_backup(
    workflows: Workflows, contacts: Set[str], tmp_path: Path, kind: str
) -> None:
    groups: dict[str, Any] = {f"{kind}_ids": [GROUP]}
    workflows.double.account.add_contact(email="listed@example.com", **groups)
    asked_for = {f"{kind}_id": GROUP, "max_contacts": 1, "approval": True}

    question = Question(workflows, tmp_path, LIST_MACHINE, asked_for)
    ended = question.answer("true")

    manifest = f"s3://{workflows.stack.ref('BackupBucket')}/backups/{name_of(ended.arn)}/manifest.json"
    assert f'Delete the contacts of the SendGrid list or segment {{"{kind}_id":' in question.mail
    assert f"backed up as {manifest}?" in question.mail
    assert ("sampled at null" in question.mail) is (kind == "list")
    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == contacts


def test_a_backup_of_a_list_that_expired_meanwhile_deletes_nothing(
    workflows: Workflows, contacts: Set[str], tmp_path: Path
) -> None:
    listed = workflows.double.account.add_contact(email="listed@example.com", list_ids=[GROUP])
    asked_for = {"list_id": GROUP, "max_contacts": 1, "approval": True}
    question = Question(workflows, tmp_path, LIST_MACHINE, asked_for)
    (part,) = manifest_of(workflows, question.execution)["parts"]
    workflows.stack.s3.delete_object(Bucket=workflows.stack.ref("BackupBucket"), Key=part["key"])

    assert_nothing_deleted(workflows, question.answer("true"), "BackupIncomplete", contacts | {listed})


def test_an_approval_of_a_list_that_never_comes(workflows: Workflows, contacts: Set[str]) -> None:
    listed = workflows.double.account.add_contact(email="listed@example.com", list_ids=[GROUP])
    asked_for = {"list_id": GROUP, "max_contacts": 1, "approval": True}

    ended = workflows.run(LIST_MACHINE, asked_for, ASKING_FOR_A_SECOND)

    assert_nothing_deleted(workflows, ended, "ApprovalTimedOut", contacts | {listed})
