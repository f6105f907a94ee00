"""The demo's runs of the three workflows, each with what it should have come to."""

import csv
import gzip
import io
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.aws.account import arn
from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution
from local.demo.watch import Watch
from local.sendgrid_double import SendGridDouble

# More than the 4,080 of one batch.
LISTED = 4_500

CONTACTS_PER_EXPORT_FILE = 100

_APPROVAL_TOPIC = "Approvals"
APPROVAL_TOPIC_ARN = arn("sns", _APPROVAL_TOPIC)


@dataclass(frozen=True)
class Result:
    """What a workflow did, in words, and everything that is not as it should be."""

    summary: str
    problems: list[str]


Run = Callable[[EmbeddedStack, SendGridDouble, Watch], Result]


def remove_identifier(stack: EmbeddedStack, double: SendGridDouble, watch: Watch) -> Result:
    """Of a contact with two identifiers."""
    contact_id = double.account.add_contact(email="old@example.com", external_id="crm-4711")
    request = {
        "contact_id": contact_id,
        "identifier_type": "EMAIL",
        "identifier_value": "old@example.com",
    }
    execution = _run(stack, watch, "RemoveContactIdentifier", request)
    contact = double.account.contact(contact_id)
    problems = _not_succeeded(execution)
    if contact is None or contact.email or contact.external_id != "crm-4711":
        problems.append("RemoveContactIdentifier: the contact does not have just the other identifier left")
    return Result("Removed the e-mail address of a contact, and checked.", problems)


def delete_list(stack: EmbeddedStack, double: SendGridDouble, watch: Watch) -> Result:
    """From a CSV file."""
    before = double.account.contact_ids()
    listed = [double.account.add_contact(external_id=f"inactive-{n}") for n in range(LISTED)]
    bucket = stack.ref("ContactListBucket")
    stack.s3.put_object(Bucket=bucket, Key="lists/inactive.csv", Body="\n".join(["contact_id", *listed]))
    execution = _run(stack, watch, "DeleteContactList", {"key": "lists/inactive.csv"})
    problems = _not_succeeded(execution)
    if double.account.contact_ids() != before:
        problems.append("DeleteContactList: not exactly the contacts of the list are gone")
    if not problems and execution.output["contacts"] != LISTED:
        problems.append(f"DeleteContactList: its summary is wrong: {execution.output}")
    batches = (execution.output or {}).get("batches")
    return Result(f"Deleted the {LISTED:,} contacts of a CSV file in {batches} batches.", problems)


def back_up_and_delete_all(stack: EmbeddedStack, double: SendGridDouble, watch: Watch) -> Result:
    """What is left, after an approval."""
    double.settings.change(export_part_contacts=CONTACTS_PER_EXPORT_FILE)
    before = double.account.contact_ids()
    stack.sns.create_topic(Name=_APPROVAL_TOPIC)
    problems: list[str] = []
    approvals: list[str] = []

    def approve() -> None:
        """As a person would who reads the message: with the token that it holds."""
        if approvals or not (messages := stack.published(APPROVAL_TOPIC_ARN)):
            return
        if double.account.contact_ids() != before:
            problems.append("BackupThenDeleteAll: something was deleted before it was approved")
        # As a person would: with the first command of the message.
        command = next(line for line in messages[0]["Message"].splitlines() if line.startswith("aws "))
        words = shlex.split(command)
        token, output = (words[words.index(option) + 1] for option in ("--task-token", "--task-output"))
        approvals.append(token)
        stack.step_functions.send_task_success(taskToken=token, output=output)

    request = {"confirm": "Delete All Contacts", "max_contacts": len(before)}
    execution = _run(stack, watch, "BackupThenDeleteAll", request, approve)
    if not approvals:
        problems.append("BackupThenDeleteAll: no approval was asked for")
    problems += _not_succeeded(execution)
    if len(double.account):
        problems.append("BackupThenDeleteAll: contacts are left")
    backed_up = _contacts_of_backup(stack, _name_of("BackupThenDeleteAll"))
    if backed_up != before:
        problems.append(f"BackupThenDeleteAll: the backup has {len(backed_up)} contacts, not {len(before)}")
    summary = f"Backed up {len(backed_up):,} contacts; once approved, deleted them all."
    return Result(summary, problems)


WORKFLOWS: dict[str, Run] = {
    "RemoveContactIdentifier": remove_identifier,
    "DeleteContactList": delete_list,
    "BackupThenDeleteAll": back_up_and_delete_all,
}


def _run(
    stack: EmbeddedStack,
    watch: Watch,
    workflow: str,
    request: Any,
    between: Callable[[], None] = lambda: None,
) -> Execution:
    execution_arn = stack.start_execution(f"{workflow}StateMachine", request, _name_of(workflow))
    return watch.until_ended(workflow, execution_arn, between)


def _name_of(workflow: str) -> str:
    """Of its execution."""
    return f"demo-{workflow}"


def _not_succeeded(execution: Execution) -> list[str]:
    if execution.status == "SUCCEEDED":
        return []
    return [f"{execution.arn}: {execution.status}, {execution.error}: {execution.cause}"]


def _contacts_of_backup(stack: EmbeddedStack, execution_name: str) -> set[str]:
    """The ids of the contacts in the backup's files."""
    bucket = stack.ref("BackupBucket")
    found = stack.s3.list_objects_v2(Bucket=bucket, Prefix=f"backups/{execution_name}/part-")
    contact_ids: set[str] = set()
    for part in found.get("Contents", []):
        packed = stack.s3.get_object(Bucket=bucket, Key=part["Key"])["Body"].read()
        rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode(), newline=""))
        contact_ids |= {row["CONTACT_ID"] for row in rows}
    return contact_ids
