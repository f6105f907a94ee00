"""ListSummaryFunction: gathers what became of a list's batches into one file and a summary."""

from functools import cache
from typing import Any

from contact_deletion.contact_list.summary import summarize
from contact_deletion.platform.bucket import Bucket
from contact_deletion.platform.function import FunctionPlatform
from contact_deletion.requests.contact_lists import ListSummaryRequest, parse
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "list_summary"


def build(platform: FunctionPlatform, bucket: Bucket) -> WorkflowFunction[ListSummaryRequest]:
    return WorkflowFunction(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse,
        act=lambda request, _: summarize(bucket.s3, bucket.name, request.folder, request.key),
    )


@cache
def function() -> WorkflowFunction[ListSummaryRequest]:
    """This execution environment's, made on first use."""
    return build(FunctionPlatform.from_environment(), Bucket.from_environment("CONTACT_LIST_BUCKET"))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends the `folder` of the results and the list's `key`."""
    return function().handle(event, context)
