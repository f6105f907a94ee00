"""The demo's runs of the three workflows, each with what it should have come to."""

import csv
import gzip
import io
import json
import time
from typing import Any

from local.aws.account import arn
from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution
from local.sendgrid_double import SendGridDouble

LISTED = 5_000
CONTACTS_PER_EXPORT_FILE = 100
TIMEOUT_SECONDS = 60.0

_APPROVAL_TOPIC = "Approvals"
APPROVAL_TOPIC_ARN = arn("sns", _APPROVAL_TOPIC)

Result = tuple[tuple[str, str], list[str]]
"""A row for the report, and everything that is not as it should be."""


def remove_identifier(stack: EmbeddedStack, double: SendGridDouble) -> Result:
    """RemoveContactIdentifier on a contact with two identifiers"""
    contact_id = double.account.add_contact(email="old@example.com", external_id="crm-4711")
    request = {
        "contact_id": contact_id,
        "identifier_type": "EMAIL",
        "identifier_value": "old@example.com",
    }
    execution = _run(stack, "RemoveContactIdentifierStateMachine", request, "demo-identifier")
    contact = double.account.contact(contact_id)
    problems = _not_succeeded(execution)
    if contact is None or contact.email or contact.external_id != "crm-4711":
        problems.append("RemoveContactIdentifier: the contact does not have just the other identifier left")
    return ("RemoveContactIdentifier", execution.status), problems


def delete_list(stack: EmbeddedStack, double: SendGridDouble) -> Result:
    """DeleteContactList on a CSV file"""
    before = double.account.contact_ids()
    doomed = [double.account.add_contact(external_id=f"inactive-{n}") for n in range(LISTED)]
    bucket = stack.ref("ContactListBucket")
    stack.s3.put_object(Bucket=bucket, Key="lists/inactive.csv", Body="\n".join(["contact_id", *doomed]))
    execution = _run(stack, "DeleteContactListStateMachine", {"key": "lists/inactive.csv"}, "demo-list")
    problems = _not_succeeded(execution)
    if double.account.contact_ids() != before:
        problems.append("DeleteContactList: not exactly the contacts of the list are gone")
    if not problems and execution.output["contacts"] != LISTED:
        problems.append(f"DeleteContactList: its summary is wrong: {execution.output}")
    summary = f"{execution.status}: {LISTED:,} contacts in {(execution.output or {}).get('batches')} batches"
    return ("DeleteContactList", summary), problems


def back_up_and_delete_all(stack: EmbeddedStack, double: SendGridDouble) -> Result:
    """BackupThenDeleteAll on what is left, and approving it"""
    double.settings.change(export_part_contacts=CONTACTS_PER_EXPORT_FILE)
    before = double.account.contact_ids()
    stack.sns.create_topic(Name=_APPROVAL_TOPIC)
    request = {"confirm": "Delete All Contacts", "max_contacts": len(before)}
    execution_arn = stack.start_execution(
        "BackupThenDeleteAllStateMachine", request, "demo-reset-with-backup"
    )
    problems = []
    if not _approve(stack):
        problems.append("BackupThenDeleteAll: nobody was asked for approval")
    if double.account.contact_ids() != before:
        problems.append("BackupThenDeleteAll: something was deleted before it was approved")
    execution = stack.wait_for_execution(execution_arn, TIMEOUT_SECONDS)
    problems += _not_succeeded(execution)
    if len(double.account):
        problems.append("BackupThenDeleteAll: contacts are left")
    backed_up, parts = _contacts_of_backup(stack, "demo-reset-with-backup")
    if backed_up != before:
        problems.append(f"BackupThenDeleteAll: the backup has {len(backed_up)} contacts, not {len(before)}")
    summary = f"{execution.status}: {len(backed_up):,} contacts in a backup of {parts} files"
    return ("BackupThenDeleteAll", summary), problems


def _run(stack: EmbeddedStack, state_machine: str, request: Any, name: str) -> Execution:
    return stack.wait_for_execution(stack.start_execution(state_machine, request, name), TIMEOUT_SECONDS)


def _not_succeeded(execution: Execution) -> list[str]:
    if execution.status == "SUCCEEDED":
        return []
    return [f"{execution.arn}: {execution.status}, {execution.error}: {execution.cause}"]


def _approve(stack: EmbeddedStack) -> bool:
    """As a person would who reads the message: with the token that it holds. Whether there was a message."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (messages := stack.published(APPROVAL_TOPIC_ARN)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    token = json.loads(messages[0]["Message"])["task_token"]
    stack.step_functions.send_task_success(taskToken=token, output='{"approved": true}')
    return True


def _contacts_of_backup(stack: EmbeddedStack, execution_name: str) -> tuple[set[str], int]:
    """The ids of the contacts in the backup's files, and how many files there are."""
    bucket = stack.ref("BackupBucket")
    found = stack.s3.list_objects_v2(Bucket=bucket, Prefix=f"backups/{execution_name}/part-")
    parts = found.get("Contents", [])
    contact_ids: set[str] = set()
    for part in parts:
        packed = stack.s3.get_object(Bucket=bucket, Key=part["Key"])["Body"].read()
        rows = csv.DictReader(io.StringIO(gzip.decompress(packed).decode(), newline=""))
        contact_ids |= {row["CONTACT_ID"] for row in rows}
    return contact_ids, len(parts)
