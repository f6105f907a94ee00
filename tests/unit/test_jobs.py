from typing import Any

import pytest

from contact_deletion.sendgrid.jobs import COMPLETED, PENDING, UNKNOWN, Job


def job(status: str) -> Job:
    return Job("job-1", status)


@pytest.mark.parametrize(
    "status",
    [
        *("errored", "failed", "error", "failure", "errors", "fail"),
        *("aborted", "canceled", "cancelled", "rejected", "expired", "partial", "partially_completed"),
        *("completed_with_errors", "finished_with_failures", "done_with_error"),
    ],
)
def test_every_spelling_of_failure_is_one(status: str) -> None:
    assert job(status).failed
    assert not job(status).completed


@pytest.mark.parametrize("status", [PENDING, UNKNOWN, "queued", "in_progress", "completing", "unfailed", ""])
def test_any_other_word_leaves_the_job_open(status: str) -> None:
    assert not job(status).failed
    assert not job(status).completed


@pytest.mark.parametrize(
    "status",
    [
        *(COMPLETED, "complete", "done", "finished", "processed"),
        *("success", "successful", "succeeded"),
    ],
)
def test_every_word_for_completion_is_one(status: str) -> None:
    assert job(status).completed
    assert not job(status).failed


def test_only_the_documented_word_for_completion_leaves_no_doubt() -> None:
    assert job(COMPLETED).counts_match
    assert not job("done").counts_match


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"requested_count": 5},
        {"deleted_count": 0},
        {"requested_count": 5, "deleted_count": 5},
        {"requested_count": 5, "deleted_count": 5, "errored_count": 0},
        {"requested_count": 5, "deleted_count": 6},
        {"errored_count": 0},
    ],
    ids=str,
)
def test_counts_that_are_told_and_agree_add_up(counts: dict[str, Any]) -> None:
    assert Job("job-1", COMPLETED, **counts).counts_match


@pytest.mark.parametrize(
    "counts",
    [
        {"requested_count": 5, "deleted_count": 4},
        {"requested_count": 1, "deleted_count": 0},
        {"errored_count": 1},
        {"requested_count": 5, "deleted_count": 5, "errored_count": 1},
    ],
    ids=str,
)
def test_counts_that_tell_of_contacts_left_do_not_add_up(counts: dict[str, Any]) -> None:
    assert not Job("job-1", COMPLETED, **counts).counts_match
