"""What is said of a request when nothing more will happen to it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.deliveries import QueueMessage, Settled
from contact_deletion.errors import (
    DeletionFailed,
    InvalidRequest,
    LastIdentifier,
    OutcomeUnknown,
    RateLimited,
    RequestInProgress,
    SendGridRefused,
)
from contact_deletion.notifications.outcome_events import MAX_CONTACT_IDS_LISTED, OutcomeEvent, outcome_events
from contact_deletion.outcomes import Accepted, ContactGroup, End, Ended, JobPending, Outcome
from contact_deletion.requests.status_check import TrackedRequest
from contact_deletion.sendgrid.jobs import Job
from tests.support.events import contact_id

TOKEN = "a-task-token-of-nobody"
NOW = 1_795_291_200.25
JOBS = (
    Job("job-1", "completed", 3, 3),
    Job("job-2", "errored", 2, 1, 1, "https://errors.example.com/secret"),
)


def settled(outcome: Outcome, task_token: str | None = None) -> Settled:
    message = QueueMessage("message-1", "receipt", "arn:aws:sqs:us-east-1:123456789012:Queue", 1, "body", {})
    return Settled(message, None, "order-7", task_token, outcome)


def concluded(
    outcome: Outcome, *, followed: bool = True, task_token: str | None = None
) -> list[OutcomeEvent]:
    return outcome_events("bulk_delete", settled(outcome, task_token), NOW, followed=followed)


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted(("job-1",), 3),
        Accepted(("job-1",), 3, replayed=True),
        Accepted(("job-1",), 3, recorded=False),
        RateLimited("later", retry_after=9),
        RequestInProgress("elsewhere"),
        JobPending(JOBS, (TrackedRequest(),), 30),
    ],
    ids=repr,
)
def test_nothing_is_said_while_a_request_is_under_way(outcome: Outcome) -> None:
    assert concluded(outcome) == []


def test_a_rejected_request_is_concluded_with_its_code_and_the_jobs_that_were_started() -> None:
    (conclusion,) = concluded(
        SendGridRefused("SendGrid answered HTTP 400", job_ids=["job-1"]), task_token=TOKEN
    )

    assert (conclusion.kind, conclusion.task_token) == ("Rejected", TOKEN)
    assert conclusion.detail == {
        "operation": "bulk_delete",
        "request_id": "order-7",
        "message_id": "message-1",
        "job_ids": ["job-1"],
        "contact_count": None,
        "code": "SendGridRefused",
        "message": "SendGrid answered HTTP 400",
        "counts": {"requested": None, "deleted": None, "errored": None},
        "remaining_contacts": None,
        "unchecked_contacts": None,
        "accepted_at": None,
        "ended_at": "2026-11-21T20:00:00.250+00:00",
    }


def test_nothing_to_do_is_completed_at_once() -> None:
    (conclusion,) = concluded(Accepted((), 0, note="nothing to do"))

    assert conclusion.kind == "Completed"
    assert conclusion.detail["code"] is None
    assert (conclusion.detail["message"], conclusion.detail["contact_count"]) == ("nothing to do", 0)


def test_where_jobs_are_not_followed_acceptance_is_all_there_is_to_say() -> None:
    (conclusion,) = concluded(Accepted(("job-1",), 3), followed=False)

    assert conclusion.kind == "Accepted"
    assert conclusion.detail["job_ids"] == ["job-1"]
    assert (
        conclusion.detail["accepted_at"] == conclusion.detail["ended_at"] == "2026-11-21T20:00:00.250+00:00"
    )


def test_each_followed_request_is_concluded_by_its_own_end() -> None:
    done = TrackedRequest("bulk_delete", "one", "message-7", 2, (contact_id(1), contact_id(2)), "token-1")
    not_done = TrackedRequest("bulk_delete", "two", "message-8", 1, (contact_id(3),), "token-2")
    ended = Ended(
        JOBS,
        (
            End(done, None, ContactGroup(0)),
            End(not_done, DeletionFailed("the job ended errored"), ContactGroup.of([contact_id(3)])),
        ),
        accepted_at=NOW - 60,
    )

    completed, failed = concluded(ended, task_token=TOKEN)

    shared = {
        "operation": "bulk_delete",
        "job_ids": ["job-1", "job-2"],
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
    )


def test_what_nobody_told_is_null() -> None:
    (conclusion,) = concluded(Ended((Job("job-1", "completed"),), (End(TrackedRequest()),)))

    assert conclusion.detail | {"ended_at": ""} == {
        "operation": None,
        "request_id": None,
        "message_id": None,
        "job_ids": ["job-1"],
        "contact_count": None,
        "code": None,
        "message": "",
        "counts": {"requested": None, "deleted": None, "errored": None},
        "remaining_contacts": None,
        "unchecked_contacts": None,
        "accepted_at": None,
        "ended_at": "",
    }


@pytest.mark.parametrize(
    ("left", "listed", "cut"),
    [(0, 0, False), (MAX_CONTACT_IDS_LISTED, 100, False), (MAX_CONTACT_IDS_LISTED + 1, 100, True)],
)
def test_contacts_that_are_still_there_are_listed_up_to_a_hundred(left: int, listed: int, cut: bool) -> None:
    ids = [contact_id(number) for number in range(left)]
    end = End(TrackedRequest(), DeletionFailed("it"), ContactGroup.of(ids), ContactGroup.of(ids))

    (conclusion,) = concluded(Ended(JOBS, (end,)))

    told = {"count": left, "contact_ids": ids[:listed], "truncated": cut}
    assert conclusion.detail["remaining_contacts"] == conclusion.detail["unchecked_contacts"] == told


def test_of_an_accounts_contacts_none_is_listed() -> None:
    end = End(TrackedRequest("delete_all"), DeletionFailed("it"), ContactGroup(3))

    (conclusion,) = concluded(Ended(JOBS, (end,)))

    assert conclusion.detail["remaining_contacts"] == {"count": 3, "contact_ids": [], "truncated": True}


def test_an_unknown_outcome_is_neither_completed_nor_failed() -> None:
    end = End(TrackedRequest(task_token=TOKEN), OutcomeUnknown("SendGrid does not know the job"))

    (conclusion,) = concluded(Ended(JOBS, (end,)))

    assert (conclusion.kind, conclusion.task_token) == ("Unknown", TOKEN)
    assert conclusion.detail["code"] == "OutcomeUnknown"
    assert conclusion.detail["message"] == "SendGrid does not know the job"


words = st.text("abcxyz ", max_size=20)
ids = st.lists(st.uuids().map(str), max_size=3).map(tuple)
counts = st.none() | st.integers(0, 9)
jobs = st.lists(
    st.builds(Job, st.uuids().map(str), words, counts, counts, counts, st.none() | words), max_size=3
)
followed_requests = st.builds(
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
ends = st.builds(End, followed_requests, failures, groups, groups)
outcomes: st.SearchStrategy[Any] = st.one_of(
    st.builds(Accepted, ids, st.integers(0, 9), st.booleans(), words, st.booleans()),
    st.builds(InvalidRequest, words),
    st.builds(LastIdentifier, words),
    st.builds(Ended, jobs.map(tuple), st.lists(ends, max_size=3).map(tuple), st.none() | st.floats(0, 2e9)),
)


@given(outcomes, st.booleans())
def test_a_conclusion_says_nothing_of_the_token_and_is_json(outcome: Outcome, followed: bool) -> None:
    for conclusion in concluded(outcome, followed=followed, task_token=TOKEN):
        assert TOKEN not in json.dumps(conclusion.detail, allow_nan=False)
        assert TOKEN not in repr(conclusion)
        assert (conclusion.kind in ("Failed", "Unknown", "Rejected")) == (
            conclusion.detail["code"] is not None
        )
