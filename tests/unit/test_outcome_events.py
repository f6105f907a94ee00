"""The events that report final outcomes."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.deliveries import Delivery, QueueMessage
from contact_deletion.errors import (
    DeletionFailed,
    InvalidRequest,
    LastIdentifier,
    OutcomeUnknown,
    RateLimited,
    RequestInProgress,
    SendGridRefused,
)
from contact_deletion.notifications.outcome_events import (
    MAX_CONTACT_IDS_LISTED,
    PUBLISHED,
    OutcomeEvent,
    outcome_events,
)
from contact_deletion.outcomes import Accepted, ContactGroup, End, Ended, JobPending, Outcome
from contact_deletion.requests.status_check import TrackedRequest
from contact_deletion.sendgrid.jobs import Job
from tests.support.events import contact_id

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "outcome-event.schema.json").read_text())
TOKEN = "a-task-token-of-nobody"
NOW = 1_795_291_200.25
JOBS = (
    Job("job-1", "completed", 3, 3),
    Job("job-2", "errored", 2, 1, 1, "https://errors.example.com/secret"),
)


def delivery(outcome: Outcome, task_token: str | None = None) -> Delivery:
    message = QueueMessage("message-1", "receipt", "arn:aws:sqs:us-east-1:123456789012:Queue", 1, "body", {})
    return Delivery(None, message, "order-7", task_token, outcome=outcome)


def published(outcome: Outcome, *, task_token: str | None = None) -> list[OutcomeEvent]:
    """The outcome events, each of which is as the schema has it."""
    made = outcome_events("bulk_delete", delivery(outcome, task_token), PUBLISHED["each"], NOW)
    for event in made:
        kind = f"Contact Deletion {event.kind}"
        envelope = {"source": "sendgrid-contact-deletion", "detail-type": kind, "detail": event.detail}
        jsonschema.validate(envelope, SCHEMA, format_checker=jsonschema.FormatChecker())
    return made


@pytest.mark.parametrize(
    "outcome",
    [
        *(Accepted(("job-1",), 3, replayed=replayed, recorded=not replayed) for replayed in (True, False)),
        *(RateLimited("later", retry_after=9), RequestInProgress("elsewhere")),
        JobPending(JOBS, (TrackedRequest(),), 30),
    ],
    ids=repr,
)
def test_there_is_no_event_while_a_request_is_in_progress(outcome: Outcome) -> None:
    assert published(outcome) == []


def test_a_rejected_request_has_its_code_and_the_jobs_that_were_started() -> None:
    (event,) = published(
        SendGridRefused("SendGrid responded with HTTP 400", job_ids=["job-1"]), task_token=TOKEN
    )

    assert (event.kind, event.task_token) == ("Rejected", TOKEN)
    assert {name: value for name, value in event.detail.items() if value is not None} == {
        "operation": "bulk_delete",
        "request_id": "order-7",
        "message_id": "message-1",
        "job_ids": ["job-1"],
        "code": "SendGridRefused",
        "message": "SendGrid responded with HTTP 400",
        "counts": {"requested": None, "deleted": None, "errored": None},
        "ended_at": "2026-11-21T20:00:00.250+00:00",
    }


def test_nothing_to_do_is_completed_at_once() -> None:
    (event,) = published(Accepted((), 0, note="nothing to do"))

    assert event.kind == "Completed"
    assert event.detail["code"] is None
    assert (event.detail["message"], event.detail["contact_count"]) == ("nothing to do", 0)
    assert event.detail["accepted_at"] == event.detail["ended_at"] == "2026-11-21T20:00:00.250+00:00"


def test_each_tracked_request_has_an_event_of_its_own() -> None:
    done = TrackedRequest("bulk_delete", "one", "message-7", 2, (contact_id(1), contact_id(2)), "token-1")
    not_done = TrackedRequest("bulk_delete", "two", "message-8", 1, (contact_id(3),), "token-2")
    failure = DeletionFailed("the job ended errored")
    ends = (End(done, None, ContactGroup(0)), End(not_done, failure, ContactGroup.of([contact_id(3)])))

    ended = Ended(JOBS, ends, accepted_at=NOW - 60)

    completed, failed = published(ended, task_token=TOKEN)

    shared = {
        "operation": "bulk_delete",
        "job_ids": ["job-1", "job-2"],
        "identifiers": None,
        "counts": {"requested": 5, "deleted": 4, "errored": 1},
        "unchecked_contacts": None,
        "accepted_at": "2026-11-21T19:59:00.250+00:00",
        "ended_at": "2026-11-21T20:00:00.250+00:00",
    }
    assert completed == OutcomeEvent(
        "Completed",
        shared
        | {
            "request_id": "one",
            "message_id": "message-7",
            "contact_count": 2,
            "code": None,
            "message": "",
            "remaining_contacts": {"count": 0, "contact_ids": [], "truncated": False},
        },
        "token-1",
        delivery(ended),
    )
    assert failed == OutcomeEvent(
        "Failed",
        shared
        | {
            "request_id": "two",
            "message_id": "message-8",
            "contact_count": 1,
            "code": "DeletionFailed",
            "message": "the job ended errored",
            "remaining_contacts": {"count": 1, "contact_ids": [contact_id(3)], "truncated": False},
        },
        "token-2",
        delivery(ended),
    )


def test_what_is_not_known_is_null() -> None:
    (event,) = published(Ended((Job("job-1", "completed"),), (End(TrackedRequest()),)))

    assert event.detail | {"ended_at": ""} == {
        "operation": None,
        "request_id": None,
        "message_id": None,
        "job_ids": ["job-1"],
        "contact_count": None,
        "code": None,
        "message": "",
        "identifiers": None,
        "counts": {"requested": None, "deleted": None, "errored": None},
        "remaining_contacts": None,
        "unchecked_contacts": None,
        "accepted_at": None,
        "ended_at": "",
    }


@pytest.mark.parametrize(
    ("left", "listed", "truncated"),
    [(0, 0, False), (MAX_CONTACT_IDS_LISTED, 100, False), (MAX_CONTACT_IDS_LISTED + 1, 100, True)],
)
def test_contacts_that_are_still_there_are_listed_up_to_a_hundred(
    left: int, listed: int, truncated: bool
) -> None:
    ids = [contact_id(number) for number in range(left)]
    end = End(TrackedRequest(), DeletionFailed("it"), ContactGroup.of(ids), ContactGroup.of(ids))

    (event,) = published(Ended(JOBS, (end,)))

    expected = {"count": left, "contact_ids": ids[:listed], "truncated": truncated}
    assert event.detail["remaining_contacts"] == event.detail["unchecked_contacts"] == expected


def test_of_an_accounts_contacts_none_is_listed() -> None:
    end = End(TrackedRequest("delete_all"), DeletionFailed("it"), ContactGroup(3))

    (event,) = published(Ended(JOBS, (end,)))

    assert event.detail["remaining_contacts"] == {"count": 3, "contact_ids": [], "truncated": True}


def test_an_unknown_outcome_is_neither_completed_nor_failed() -> None:
    end = End(TrackedRequest(task_token=TOKEN), OutcomeUnknown("SendGrid does not know the job"))

    (event,) = published(Ended(JOBS, (end,)))

    assert (event.kind, event.task_token) == ("Unknown", TOKEN)
    assert event.detail["code"] == "OutcomeUnknown"
    assert event.detail["message"] == "SendGrid does not know the job"


words = st.text("abcxyz ", max_size=20)
ids = st.lists(st.uuids().map(str), max_size=3).map(tuple)
counts = st.none() | st.integers(0, 9)
jobs = st.lists(
    st.builds(Job, st.uuids().map(str), words, counts, counts, counts, st.none() | words), max_size=3
)
tracked_requests = st.builds(
    TrackedRequest,
    st.none() | words,
    st.none() | words,
    st.none() | words,
    counts,
    ids,
    st.none() | st.just(TOKEN),
)
groups = st.none() | st.builds(ContactGroup, st.integers(0, 9), ids)
failures = st.none() | st.builds(DeletionFailed, words) | st.builds(OutcomeUnknown, words)
ends = st.builds(End, tracked_requests, failures, groups, groups)
outcomes: st.SearchStrategy[Any] = st.one_of(
    st.builds(Accepted, ids, st.integers(0, 9), st.booleans(), words, st.booleans()),
    st.builds(InvalidRequest, words),
    st.builds(LastIdentifier, words),
    st.builds(Ended, jobs.map(tuple), st.lists(ends, max_size=3).map(tuple), st.none() | st.floats(0, 2e9)),
)


@given(outcomes)
def test_an_event_does_not_contain_the_token_and_is_json(outcome: Outcome) -> None:
    for event in published(outcome, task_token=TOKEN):
        assert TOKEN not in json.dumps(event.detail, allow_nan=False)
        assert TOKEN not in repr(event)
        assert (event.kind in ("Failed", "Unknown", "Rejected")) == (event.detail["code"] is not None)
