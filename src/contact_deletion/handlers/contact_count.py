"""ContactCountFunction: how many contacts the account has."""

from functools import cache
from typing import Any

from contact_deletion.platform.account import AccountPlatform
from contact_deletion.request import fields
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.task import Task

OPERATION = "contact_count"


def build(platform: AccountPlatform) -> Task[None]:
    client = platform.client(SendGridClient)
    return Task(
        platform.telemetry(OPERATION),
        platform.clock,
        parse=fields.nothing,
        act=lambda _, deadline: {"contact_count": client.contact_count(deadline)},
        client=client,
    )


@cache
def task() -> Task[None]:
    """This execution environment's, made on first use."""
    return build(AccountPlatform.of_lambda())


def handler(event: Any, context: Any) -> Any:
    """Lambda's entry point: a Step Functions task sends `{}`."""
    return task().handle(event, context)
