"""Makes many lookups, so that one that always fails does not stop the others."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from random import shuffle
from typing import TypeVar

from contact_deletion.errors import Deferred, SendGridUnavailable

QuestionT = TypeVar("QuestionT", bound=Hashable)
AnswerT = TypeVar("AnswerT")


def ask_each(
    questions: Iterable[QuestionT], ask: Callable[[QuestionT], AnswerT]
) -> dict[QuestionT, AnswerT | Deferred]:
    """Returns for each question its answer, or the error that deferred it.

    After a SendGridUnavailable one more question is asked: if it is answered, the failure was the first question's own.
    If not, it is an outage, and the rest is not asked; nor is it after any other Deferred, which all calls would share.
    """
    answers: dict[QuestionT, AnswerT | Deferred] = {}
    waiting = deque(questions)
    has_failed = False
    while waiting:
        question = waiting.popleft()
        try:
            answers[question] = ask(question)
        except Deferred as error:
            answers[question] = error
            if has_failed or not isinstance(error, SendGridUnavailable):
                return answers | dict.fromkeys(waiting, error)
            has_failed = True
            # In another order each time: otherwise two that always fail would stop the others for good.
            shuffle(waiting)
        else:
            has_failed = False
    return answers
