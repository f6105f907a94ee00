"""How many contacts a list, a segment or the account has, for a workflow."""

import math
from typing import Any

from contact_deletion.deadline import Deadline, timestamp
from contact_deletion.requests.backups import ContactSource
from contact_deletion.sendgrid.client import SendGridClient


def count(client: SendGridClient, source: ContactSource, now: float, deadline: Deadline) -> dict[str, Any]:
    """The count, and for a segment the time and the age of the sample that it is from."""
    contact_count, sampled_at = client.source_count(source, deadline)
    return {
        "contact_count": contact_count,
        "sampled_at": None if sampled_at is None else timestamp(sampled_at),
        # Rounded up, because a workflow refuses a sample that is older than a number of hours.
        "sample_age_hours": None if sampled_at is None else max(0, math.ceil((now - sampled_at) / 3600)),
        "source": source.content(),
    }
