"""ListSummaryFunction: gathers the results of a list's batches into one file and a summary."""

from functools import cache
from typing import Any

from contact_deletion.contact_list.summary import summarize
from contact_deletion.requests.contact_lists import ListSummaryRequest, parse
from contact_deletion.runtime import CONTACT_LIST, Runtime
from contact_deletion.workflow_function import WorkflowFunction

OPERATION = "list_summary"


def build(runtime: Runtime) -> WorkflowFunction[ListSummaryRequest]:
    return WorkflowFunction(
        runtime,
        OPERATION,
        parse=parse,
        act=lambda request, _: summarize(runtime.s3, runtime.settings.contact_list_bucket, request),
    )


@cache
def function() -> WorkflowFunction[ListSummaryRequest]:
    """The function of this execution environment, made on first use."""
    return build(Runtime.from_environment(*CONTACT_LIST))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point, for a Step Functions task.

    Takes `{"folder" of the results, "plan" of PrepareListFunction}`. Returns the summary (docs/lists.md). Raises
    InvalidRequest, ListResultUnreadable and BucketUnavailable.
    """
    return function().handle(event, context)
