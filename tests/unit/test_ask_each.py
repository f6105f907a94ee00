"""One question that is never answered keeps no other from its answer, and an outage costs few calls."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import Deferred, RateLimited, SendGridUnauthorized, SendGridUnavailable
from contact_deletion.sendgrid.ask_each import ask_each


class Asked:
    """Answers with the number, but for some it raises."""

    def __init__(self, fails: Callable[[int], bool], error: type[Deferred] = SendGridUnavailable) -> None:
        self._fails = fails
        self._error = error
        self.questions: list[int] = []

    def __call__(self, question: int) -> int:
        self.questions.append(question)
        if self._fails(question):
            raise self._error(f"no answer to {question}")
        return question


@given(st.integers(0, 30), st.integers(0, 30))
def test_one_bad_question_is_the_only_one_without_an_answer(number: int, bad: int) -> None:
    questions = range(number)
    ask = Asked(lambda question: question == bad)

    answers = ask_each(questions, ask)

    assert sorted(ask.questions) == sorted(answers) == list(questions)
    assert {question for question, answer in answers.items() if answer != question} == {bad} & set(questions)
    if bad not in questions:
        assert ask.questions == list(questions), "in their order while all goes well"


@given(st.integers(2, 30))
def test_in_an_outage_two_questions_are_asked_and_all_have_its_error(number: int) -> None:
    ask = Asked(lambda _: True)
    answers = ask_each(range(number), ask)
    assert len(ask.questions) == 2
    assert answers.keys() == set(range(number))
    assert all(isinstance(answer, SendGridUnavailable) for answer in answers.values())


@pytest.mark.parametrize("error", [RateLimited, SendGridUnauthorized])
def test_what_every_call_would_share_ends_the_asking_at_once(error: type[Deferred]) -> None:
    ask = Asked(lambda question: question == 1, error)
    answers = ask_each(range(5), ask)
    assert ask.questions == [0, 1]
    assert answers[0] == 0
    assert {type(answers[question]) for question in range(1, 5)} == {error}


def test_two_bad_questions_keep_the_rest_waiting_no_more_than_sometimes() -> None:
    bad = {0, 1}
    open_questions = set(range(6))
    for _ in range(200):
        answers = ask_each(sorted(open_questions), Asked(bad.__contains__))
        open_questions -= {question for question, answer in answers.items() if answer == question}
        if open_questions == bad:
            return
    raise AssertionError(f"{open_questions} are never answered")
