"""ListSummaryFunction: gathers what became of a list's batches into one file and a summary."""

from functools import cache
from typing import Any

from contact_deletion.contact_list.summary import summarize
from contact_deletion.platform import BucketPlatform
from contact_deletion.request.list_summary import parse
from contact_deletion.task import Task

OPERATION = "list_summary"


def build(platform: BucketPlatform) -> Task[str]:
    return Task(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=parse,
        act=lambda folder, _: summarize(platform.s3, platform.bucket, folder),
    )


@cache
def task() -> Task[str]:
    """This execution environment's, made on first use."""
    return build(BucketPlatform.of_lambda_with("CONTACT_LIST_BUCKET"))


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends the `folder` of the results."""
    return task().handle(event, context)
