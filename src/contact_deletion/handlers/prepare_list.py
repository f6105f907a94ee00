"""PrepareListFunction: reads a list completely, writes its batches, and plans the deletion of its contacts."""

from functools import cache
from typing import Any

from contact_deletion.contact_list.preparation import ListPreparer
from contact_deletion.requests.list_preparation import ListPreparation, parse
from contact_deletion.runtime import BACKUP, CONTACT_LIST, SENDGRID, Runtime
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "prepare_list"


def build(runtime: Runtime) -> WorkflowFunction[ListPreparation]:
    client = runtime.client(SendGridClient)
    settings = runtime.settings
    preparer = ListPreparer(
        runtime.s3, settings.contact_list_bucket, settings.backup_bucket, client, settings.calls_per_minute
    )
    return WorkflowFunction(runtime, OPERATION, parse=parse, act=preparer.prepare, client=client)


@cache
def function() -> WorkflowFunction[ListPreparation]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID, *CONTACT_LIST, *BACKUP))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{"folder", "source": {"key"} or {"parts": [{"key", "version_id"}]}, "id_column"?, "identifier_type"?,
    "contacts"?: {"parts"}, "continuation"?}`. Returns `{"status": "prepared", "plan", "batches_key",
    "rejected_key"}`, or `{"status": "pending" or "export_required", "continuation"}`. The next invocation gets the
    continuation and, where an export is required, the parts of a backup of all contacts as `contacts`. Raises
    InvalidRequest, ListUnreadable, BucketUnavailable, and as a call to SendGrid does (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
