"""Who is compared with whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.aws_responses import DEAD_LETTER_QUEUE
from benchmarks.functions import ROOT
from benchmarks.workload import contact_ids, message, messages


@dataclass(frozen=True)
class Contender:
    """A Lambda handler, with the directory that it is imported from.

    `first_event` makes it import, connect and open all that later invocations find ready, and is not measured.
    """

    handler: str
    code: Path
    first_event: Mapping[str, Any]


_ONE_CONTACT = messages(contact_ids(1, seed=1))

OURS = Contender(
    "contact_deletion.handlers.bulk_delete.handler", ROOT / "src", first_event={"Records": _ONE_CONTACT}
)

# It has made no call yet. A call before the start would open SendGrid's window, and show the limit.
OURS_WITHOUT_CALL = Contender(OURS.handler, OURS.code, first_event={"Records": [message("no request", 1)]})

A = Contender(
    "benchmarks.alternatives.powertools_per_message.handler", ROOT, first_event={"Records": _ONE_CONTACT}
)

B = Contender("benchmarks.alternatives.official_client.handler", ROOT, first_event={"contact_ids": []})


def environment(aws_url: str, sendgrid_url: str) -> dict[str, str]:
    """What template.yaml gives the function, as far as it needs any of it, and what the alternatives need."""
    return {
        "AWS_ENDPOINT_URL": aws_url,
        "SENDGRID_BASE_URL": sendgrid_url,
        "SENDGRID_API_KEY": "SG.not-checked",
        "SENDGRID_API_KEY_SECRET_ID": "sendgrid-api-key",
        "LEDGER_TABLE": "ledger",
        "DEAD_LETTER_QUEUE_URL": f"{aws_url}/123456789012/{DEAD_LETTER_QUEUE}",
        "DELETION_STATUS_QUEUE_URL": f"{aws_url}/123456789012/deletion-status",
        "EVENT_BUS_NAME": "default",
        "POWERTOOLS_SERVICE_NAME": "sendgrid-contact-deletion",
        "POWERTOOLS_METRICS_NAMESPACE": "SendGridContactDeletion",
    }
