import pytest

from contact_deletion.sendgrid.jobs import COMPLETED, PENDING, UNKNOWN, Job


def job(status: str) -> Job:
    return Job("job-1", status)


FAILURES = [
    *("errored", "failed", "error", "failure", "errors", "fail", "partial", "partially_completed"),
    *("aborted", "canceled", "cancelled", "rejected", "expired"),
    *("completed_with_errors", "finished_with_failures", "done_with_error"),
]
COMPLETIONS = [
    *(COMPLETED, "complete", "done", "finished", "processed", "success", "successful", "succeeded"),
]
OTHER_WORDS = [PENDING, UNKNOWN, "queued", "in_progress", "completing", "unfailed", ""]


@pytest.mark.parametrize(
    ("status", "completed", "failed"),
    [
        *((word, False, True) for word in FAILURES),
        *((word, True, False) for word in COMPLETIONS),
        *((word, False, False) for word in OTHER_WORDS),
    ],
)
def test_a_word_says_how_a_job_ended_or_leaves_it_open(status: str, completed: bool, failed: bool) -> None:
    assert (job(status).completed, job(status).failed) == (completed, failed)


def test_only_the_documented_word_for_completion_leaves_no_doubt() -> None:
    assert job(COMPLETED).counts_match
    assert not job("done").counts_match


@pytest.mark.parametrize(
    ("requested", "deleted", "errored", "counts_match"),
    [
        *((None, None, None, True), (5, None, None, True), (None, 0, None, True), (None, None, 0, True)),
        *((5, 5, None, True), (5, 5, 0, True), (5, 6, None, True)),
        *((5, 4, None, False), (1, 0, None, False), (None, None, 1, False), (5, 5, 1, False)),
    ],
)
def test_counts_add_up_unless_they_tell_of_contacts_left(
    requested: int | None, deleted: int | None, errored: int | None, counts_match: bool
) -> None:
    assert Job("job-1", COMPLETED, requested, deleted, errored).counts_match is counts_match
