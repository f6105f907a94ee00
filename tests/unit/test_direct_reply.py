import pytest

from contact_deletion.errors import LastIdentifier, RateLimited
from contact_deletion.outcomes import Accepted, Outcome
from contact_deletion.reply.direct import answer


def test_what_was_accepted_is_answered() -> None:
    assert answer(Accepted(("job1", "job2"), contact_count=300), "order-7") == {
        "status": "accepted",
        "request_id": "order-7",
        "job_ids": ["job1", "job2"],
        "contact_count": 300,
        "replayed": False,
    }


def test_a_replay_says_so() -> None:
    replay = answer(Accepted(("job1",), contact_count=1, replayed=True), None)
    assert replay["replayed"] is True
    assert replay["request_id"] is None


def test_a_note_is_part_of_the_answer_only_where_there_is_one() -> None:
    assert answer(Accepted((), contact_count=0, note="nothing to do"), None)["note"] == "nothing to do"
    assert "note" not in answer(Accepted((), contact_count=0), None)


@pytest.mark.parametrize(
    "outcome", [LastIdentifier("the only one"), RateLimited("later", retry_after=9)], ids=repr
)
def test_everything_else_is_raised_under_its_own_name(outcome: Outcome) -> None:
    with pytest.raises((LastIdentifier, RateLimited)) as raised:
        answer(outcome, None)
    assert raised.value is outcome
