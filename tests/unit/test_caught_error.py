"""The error of a function, as a workflow's Catch passes it on."""

import json
from typing import Any

import pytest

from contact_deletion.errors import LedgerUnavailable, OutcomeUnknown, SendGridRefused, SendGridUnavailable
from contact_deletion.requests.caught_error import CaughtError, read

NAMES_A_JOB = json.dumps({"message": "SendGrid answered 503", "job_ids": ["job-1"]})


def of_function(message: object) -> str:
    return json.dumps({"errorMessage": message, "errorType": "X", "requestId": "r", "stackTrace": ["  File"]})


@pytest.mark.parametrize(
    ("cause", "message", "job_ids"),
    [
        (of_function("later"), "later", ()),
        (of_function(NAMES_A_JOB), "SendGrid answered 503", ("job-1",)),
        (of_function(NAMES_A_JOB)[:-20], of_function(NAMES_A_JOB)[:-20], ()),
        ("Service: Lambda, Status Code: 500", "Service: Lambda, Status Code: 500", ()),
        ("", "", ()),
        (None, "", ()),
        (7, "7", ()),
        ("[" * 100_000, "[" * 100_000, ()),
        (of_function(7), "7", ()),
        (of_function("[]"), "[]", ()),
        (of_function('{"message": "m", "job_ids": ["../x", 7, "job-2"]}'), "m", ("job-2",)),
        (of_function('{"message": "m", "job_ids": 7}'), "m", ()),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_a_cause_says(cause: Any, message: str, job_ids: tuple[str, ...]) -> None:
    assert read({"Error": "RateLimited", "Cause": cause}) == CaughtError("RateLimited", message, job_ids)


def test_an_error_without_anything_is_read_too() -> None:
    assert read({}) == CaughtError("", "", ())


def test_the_outcome_is_the_functions() -> None:
    outcome = CaughtError("SendGridRefused", "400", ()).outcome()

    assert isinstance(outcome, SendGridRefused)
    assert outcome.message == "400"


@pytest.mark.parametrize("kind", [SendGridUnavailable, LedgerUnavailable])
def test_an_outcome_that_may_hide_jobs_is_unknown_where_it_names_none(kind: type) -> None:
    """A lost response may be one of acceptance, and the ledger that was not read may name jobs."""
    named = CaughtError(kind.__name__, "it", ("job-1",)).outcome()
    unnamed = CaughtError(kind.__name__, "it", ()).outcome()

    assert isinstance(named, kind)
    assert named.job_ids == ("job-1",)
    assert isinstance(unnamed, OutcomeUnknown)


@pytest.mark.parametrize(
    "code", ["States.Timeout", "Sandbox.Timedout", "Lambda.Unknown", "KeyError", "JobPending"]
)
def test_an_error_that_is_no_outcome_leaves_it_unknown(code: str) -> None:
    """Its text may come from anywhere, so it is not repeated."""
    outcome = CaughtError(code, "jane@example.com", ("job-1",)).outcome()

    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.job_ids == ("job-1",)
    assert outcome.message == f"the deletion ended in {code}"
