"""Every conclusion is an event as docs/outcome-event.schema.json has it."""

import json
from pathlib import Path

import jsonschema
import pytest

from contact_deletion.deliveries import QueueMessage, Settled
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


@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_what_is_told_follows_the_schema(outcome: Outcome, followed: bool) -> None:
    settled = Settled(MESSAGE, None, "request", "token", outcome)

    told = outcome_events("bulk_delete", settled, 1_795_000_060.5, followed=followed)

    for conclusion in told:
        event = {
            "source": "sendgrid-contact-deletion",
            "detail-type": f"Contact Deletion {conclusion.kind}",
            "detail": conclusion.detail,
        }
        jsonschema.validate(event, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert bool(told) == (followed <= (outcome is not OUTCOMES["accepted"]))
