"""What several unit tests need."""

from typing import Any, cast

import requests
from aws_lambda_powertools.utilities.parameters import SecretsProvider

from contact_deletion.sendgrid.api_key import ApiKey
from contact_deletion.sendgrid.client import SendGridClient
from tests.support.clock import FakeClock


def client_that_cannot_call(base_url: str = "https://api.sendgrid.com") -> SendGridClient:
    """A client for what it does without a call: it has no key."""
    clock = FakeClock()
    no_secrets = SecretsProvider(boto3_client=cast(Any, object()))
    return SendGridClient(
        base_url=base_url,
        api_key=ApiKey(no_secrets, "secret"),
        on_behalf_of="",
        session=requests.Session(),
        clock=clock,
        sleep=clock.sleep,
    )
