"""ContactCountFunction: how many contacts the account, a list or a segment has."""

from functools import cache
from typing import Any

from contact_deletion.backup.source_count import count
from contact_deletion.requests.backups import ContactSource, parse_source
from contact_deletion.runtime import SENDGRID, Runtime
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "contact_count"


def build(runtime: Runtime) -> WorkflowFunction[ContactSource]:
    client = runtime.client(SendGridClient)
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse_source,
        act=lambda source, deadline: count(client, source, runtime.clock(), deadline),
        client=client,
    )


@cache
def function() -> WorkflowFunction[ContactSource]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*SENDGRID))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{}` for the account, `{"list_id"}` or `{"segment_id"}`. Returns `{"contact_count": int, "sampled_at": ISO
    8601 with offset or null, "sample_age_hours": int or null, "source": the request without other fields}`. Raises
    InvalidRequest, and as a call to SendGrid does (sendgrid.transport.Transport).
    """
    return function().handle(event, context)
