import json
from typing import Any

import pytest

from contact_deletion.errors import LastIdentifier, RateLimited, SendGridRefused
from contact_deletion.outcomes import Accepted, Outcome
from contact_deletion.responses.direct import MAX_JOB_IDS_IN_ERROR, direct_response


def test_what_was_accepted_is_answered() -> None:
    assert direct_response(Accepted(("job1", "job2"), contact_count=300), "order-7") == {
        "status": "accepted",
        "request_id": "order-7",
        "job_ids": ["job1", "job2"],
        "contact_count": 300,
        "replayed": False,
    }


def test_a_replay_says_so() -> None:
    replay = direct_response(Accepted(("job1",), contact_count=1, replayed=True), None)
    assert replay["replayed"] is True
    assert replay["request_id"] is None


def test_a_note_is_part_of_the_answer_only_where_there_is_one() -> None:
    assert (
        direct_response(Accepted((), contact_count=0, note="nothing to do"), None)["note"] == "nothing to do"
    )
    assert "note" not in direct_response(Accepted((), contact_count=0), None)


@pytest.mark.parametrize(
    "outcome", [LastIdentifier("the only one"), RateLimited("later", retry_after=9)], ids=repr
)
def test_everything_else_is_raised_under_its_own_name(outcome: Outcome) -> None:
    with pytest.raises((LastIdentifier, RateLimited)) as raised:
        direct_response(outcome, None)
    assert raised.value is outcome


def lambda_cause(error: Exception) -> str:
    """As Step Functions passes on what Lambda makes of an exception, with a stack trace of usual length."""
    failure = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": ["x" * 150] * 20}
    return json.dumps(failure)


def raised_by(job_ids: list[str], message: str = "SendGrid answered 400") -> SendGridRefused:
    with pytest.raises(SendGridRefused) as raised:
        direct_response(SendGridRefused(message, status=400, job_ids=job_ids), None)
    return raised.value


def test_an_error_names_the_jobs_that_were_started_all_the_same() -> None:
    error = raised_by(["job-1", "job-2"])

    content: dict[str, Any] = json.loads(str(error))
    assert content == {"message": "SendGrid answered 400", "job_ids": ["job-1", "job-2"]}
    assert (error.message, error.status, error.job_ids) == ("SendGrid answered 400", 400, ("job-1", "job-2"))


def test_an_error_with_many_jobs_fits_into_what_step_functions_passes_on() -> None:
    error = raised_by(["21be0c9d-73ca-40a6-a903-13adea0eb0a8"] * 10_000, "x" * 4_500)

    assert len(json.loads(str(error))["job_ids"]) == MAX_JOB_IDS_IN_ERROR
    assert len(lambda_cause(error)) <= 32_768
