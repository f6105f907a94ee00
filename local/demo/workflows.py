"""The demo's runs of the workflows, each compared with what it should have done."""

import csv
import gzip
import io
import shlex
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from local.aws.names import arn
from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution
from local.demo.report import Row
from local.demo.watch import Watch
from local.sendgrid_double import SendGridDouble
from local.sendgrid_double.export_files import COLUMNS, export_files

# More than the 4,080 of one batch.
LISTED = 4_500
GONE = 40
DUPLICATES = 5
BAD_ROWS = 3

CONTACTS_PER_EXPORT_FILE = 100

_APPROVAL_TOPIC = "Approvals"
APPROVAL_TOPIC_ARN = arn("sns", _APPROVAL_TOPIC)


@dataclass(frozen=True)
class Result:
    """What a workflow did, in words, and everything that is not as it should be; rows of its own for the table."""

    summary: str
    problems: list[str]
    rows: list[Row] = field(default_factory=list)


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
    """From a file in SendGrid's own export format, with contacts that are gone and rows that are wrong."""
    before = double.account.contact_ids()
    listed = [double.account.add_contact(external_id=f"inactive-{n}") for n in range(LISTED)]
    stack.s3.put_object(
        Bucket=stack.ref("ContactListBucket"), Key="lists/inactive.csv.gz", Body=_export_of(double, listed)
    )
    request = {"key": "lists/inactive.csv.gz", "max_rejected_rows": BAD_ROWS, "approval": True}
    approver = _Approver(stack, double, "DeleteContactList")
    execution = _run(stack, watch, "DeleteContactList", request, approver.look)
    problems = approver.problems() + _not_succeeded(execution)
    if double.account.contact_ids() != before:
        problems.append("DeleteContactList: not exactly the contacts of the list are gone")
    if execution.output is None:
        return Result("Deleted the contacts of an export.", problems)
    plan, rows = execution.output["plan"], execution.output["summary"]["rows"]
    expected = (LISTED, GONE, DUPLICATES, BAD_ROWS)
    if tuple(rows[end] for end in ("deleted", "already_gone", "duplicates", "rejected")) != expected:
        problems.append(f"DeleteContactList: its summary is wrong: {rows}")
    summary = (
        f"Once approved, deleted {rows['deleted']:,} contacts of an export; {rows['already_gone']} were gone."
    )
    return Result(summary, problems, _plan_rows(plan))


def _export_of(double: SendGridDouble, contact_ids: Collection[str]) -> bytes:
    wanted = frozenset(contact_ids)
    contacts = [contact for contact in double.account.contacts() if contact.id in wanted]
    (exported,) = export_files(contacts, "csv", None, None)
    others = [
        *(str(uuid.uuid4()) for _ in range(GONE)),
        *sorted(wanted)[:DUPLICATES],
        *["unknown"] * BAD_ROWS,
    ]
    commas = "," * (len(COLUMNS) - 1)
    lines = "".join(f"{commas}{contact_id}\n" for contact_id in others)
    return gzip.compress(gzip.decompress(exported) + lines.encode())


def _plan_rows(plan: dict[str, Any]) -> list[Row]:
    """The plan that was approved."""
    return [
        ("Plan of the list", f"{plan['rows']:,}", "rows, in SendGrid's own export format"),
        (
            "  contacts",
            f"{plan['contacts']:,}",
            f"to delete: {plan['calls']:,} calls, {plan['minutes']} min at the rate limit",
        ),
        ("  duplicates", f"{plan['duplicates']:,}", "rows of a contact that has one already"),
        ("  rejected rows", f"{plan['rejected_rows']:,}", "without a contact ID; as many were allowed"),
        (
            "  sample",
            f"{plan['sample_existing']:,}",
            f"of {plan['sample_size']:,} contacts of the list existed when it was planned",
        ),
    ]


class _Approver:
    """Approves as a person would who reads the message: with its first command."""

    def __init__(self, stack: EmbeddedStack, double: SendGridDouble, workflow: str) -> None:
        self._stack = stack
        self._double = double
        self._workflow = workflow
        self._before = double.account.contact_ids()
        self._approved = False
        self._problems: list[str] = []
        stack.sns.create_topic(Name=_APPROVAL_TOPIC)

    def look(self) -> None:
        """Approves, if there is something to approve."""
        messages = [published["Message"] for published in self._stack.published(APPROVAL_TOPIC_ARN)]
        mine = [message for message in messages if _name_of(self._workflow) in message]
        if self._approved or not mine:
            return
        if self._double.account.contact_ids() != self._before:
            self._problems.append(f"{self._workflow}: something was deleted before it was approved")
        words = shlex.split(next(line for line in mine[0].splitlines() if line.startswith("aws ")))
        token, output = (words[words.index(option) + 1] for option in ("--task-token", "--task-output"))
        self._approved = True
        self._stack.step_functions.send_task_success(taskToken=token, output=output)

    def problems(self) -> list[str]:
        never = [] if self._approved else [f"{self._workflow}: no approval was asked for"]
        return self._problems + never


def back_up_and_delete_all(stack: EmbeddedStack, double: SendGridDouble, watch: Watch) -> Result:
    """What is left, after an approval."""
    double.settings.change(export_part_contacts=CONTACTS_PER_EXPORT_FILE)
    before = double.account.contact_ids()
    approver = _Approver(stack, double, "BackupThenDeleteAll")
    request = {"confirm": "Delete All Contacts", "max_contacts": len(before)}
    execution = _run(stack, watch, "BackupThenDeleteAll", request, approver.look)
    problems = approver.problems() + _not_succeeded(execution)
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
