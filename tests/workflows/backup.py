"""What tests of BackupContacts and BackupThenDeleteAll have in common."""

import csv
import gzip
import io
import json
from collections.abc import Set
from typing import Any

from local.aws.names import arn
from local.aws.state_machines import Execution
from tests.workflows.conftest import Workflows, name_of

COUNT = "/v3/marketing/contacts/count"
MACHINE = "BackupThenDeleteAllStateMachine"
BACKUP_MACHINE = "BackupContactsStateMachine"
DOWNLOAD = "/_s3/exports/{export_id}/{file_name}"


def request(**more: Any) -> dict[str, Any]:
    return {"confirm": "Delete All Contacts", "max_contacts": 1000} | more


def fill(workflows: Workflows, count: int = 5) -> Set[str]:
    """The ids of new contacts."""
    return {workflows.double.account.add_contact(email=f"person-{n}@example.com") for n in range(count)}


def backup_execution(execution_arn: str) -> str:
    """The execution of BackupContacts that an execution of another workflow started."""
    return arn("states", f"execution:{BACKUP_MACHINE}:{name_of(execution_arn)}")


def manifest_of(workflows: Workflows, execution_arn: str) -> Any:
    return json.loads(workflows.file("BackupBucket", f"backups/{name_of(execution_arn)}/manifest.json"))


def backed_up(workflows: Workflows, execution_arn: str) -> list[str]:
    """The ids in the files that the manifest names."""
    contact_ids = []
    for part in manifest_of(workflows, execution_arn)["parts"]:
        found = workflows.stack.s3.get_object(
            Bucket=workflows.stack.ref("BackupBucket"), Key=part["key"], VersionId=part["version_id"]
        )
        text = gzip.decompress(found["Body"].read()).decode()
        contact_ids += [row["CONTACT_ID"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    return contact_ids


def assert_nothing_deleted(
    workflows: Workflows, execution: Execution, error: str, contacts: Set[str]
) -> None:
    assert (execution.status, execution.error) == ("FAILED", error)
    assert workflows.calls("DELETE") == []
    assert workflows.double.account.contact_ids() == contacts
