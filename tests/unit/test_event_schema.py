"""Every outcome event follows docs/outcome-event.schema.json."""

import json
from pathlib import Path

import jsonschema
import pytest

from contact_deletion.deliveries import Delivery, QueueMessage
from contact_deletion.errors import DeletionFailed, InvalidRequest, OutcomeUnknown
from contact_deletion.notifications.outcome_events import outcome_events
from contact_deletion.outcomes import Accepted, ContactGroup, End, Ended, Outcome
from contact_deletion.requests.status_check import TrackedRequest
from contact_deletion.sendgrid.jobs import Job
from tests.support.events import contact_id

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "outcome-event.schema.json").read_text())

MESSAGE = QueueMessage("message", "handle", "arn:aws:sqs:us-east-1:123456789012:Queue", 1, "{}", {})
JOBS = (
    Job("job-1", "errored", requested_count=204, deleted_count=100, errored_count=104),
    Job("job-2", "completed"),
)
LEFT = tuple(contact_id(number) for number in range(101))

OUTCOMES: dict[str, Outcome] = {
    "rejected": InvalidRequest("contact_ids must be a list"),
    "nothing to do": Accepted((), 0, note="nothing to do"),
    "accepted": Accepted(("job-1",), 3),
    "ended": Ended(
        JOBS,
        (
            End(
                TrackedRequest("bulk_delete", "request", "message", 101, LEFT),
                DeletionFailed("it"),
                ContactGroup.of(LEFT),
            ),
            End(TrackedRequest("bulk_delete", None, "message", 1, LEFT[:1]), None, ContactGroup(0)),
            End(TrackedRequest("delete_all", "request", "message", 9), DeletionFailed("it"), ContactGroup(3)),
            End(
                TrackedRequest("bulk_delete", None, "message", 101, LEFT),
                OutcomeUnknown("it"),
                ContactGroup(0),
                ContactGroup.of(LEFT),
            ),
            End(TrackedRequest("remove_identifier", "request", "message", 1), None, None),
            End(TrackedRequest()),
        ),
        accepted_at=1_795_000_000.0,
    ),
}


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_an_event_follows_the_schema(outcome: Outcome) -> None:
    delivery = Delivery(None, MESSAGE, "request", "token", outcome=outcome)

    published = outcome_events("bulk_delete", delivery, 1_795_000_060.5)

    for outcome_event in published:
        event = {
            "source": "sendgrid-contact-deletion",
            "detail-type": f"Contact Deletion {outcome_event.kind}",
            "detail": outcome_event.detail,
        }
        jsonschema.validate(event, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert bool(published) == (outcome is not OUTCOMES["accepted"])
