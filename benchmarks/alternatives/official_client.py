"""B: the official client in a loop over chunks of 100 ids, sequential, as its samples are."""

import os
import time
from collections.abc import Sequence
from typing import Any

from python_http_client.exceptions import TooManyRequestsError
from sendgrid import SendGridAPIClient


def delete_contacts(contact_ids: Sequence[str]) -> None:
    client = SendGridAPIClient(
        os.environ["SENDGRID_API_KEY"], host=os.environ["SENDGRID_BASE_URL"]
    ).client.marketing.contacts
    for start in range(0, len(contact_ids), 100):
        chunk = ",".join(contact_ids[start : start + 100])
        while True:
            try:
                client.delete(query_params={"ids": chunk})
                break
            except TooManyRequestsError as error:
                reset = float(error.headers["X-RateLimit-Reset"])
                is_seconds_left = reset < 1e9  # or the end's time
                time.sleep(reset if is_seconds_left else max(0.0, reset - time.time()))


def handler(event: dict[str, Any], context: object) -> None:
    """Runs it where the others run."""
    delete_contacts(event["contact_ids"])
