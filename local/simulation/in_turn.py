"""Calls one after the other, in place of a runtime's threads."""

import itertools
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

from contact_deletion.runtime import Runtime

P = ParamSpec("P")
T = TypeVar("T")


def call_in_turn(runtime: Runtime) -> None:
    """From now on, so that a run makes its calls in the same order every time."""
    runtime.__dict__["threads"] = _InTurn()  # the cached property's own place


class _Numbered(Future[T]):
    """Has the same place in a set in every run."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def __hash__(self) -> int:
        return self._number


class _InTurn(Executor):
    def __init__(self) -> None:
        self._numbers = itertools.count()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future = _Numbered[T](next(self._numbers))
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # what is not an Exception ends the process
            future.set_exception(error)
        return future
