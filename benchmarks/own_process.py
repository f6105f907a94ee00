"""A part of the benchmark in a process of its own, so that it takes no CPU time from the one that is measured."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self


class OwnProcess:
    """Runs `serve`, a module's own function, and asks it one question after the other, from one thread at a time.

    `serve` sends what it has to say of itself first, then an answer to each question, until the connection ends.
    """

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        context = get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process = context.Process(target=serve, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()
        self.introduction = self._connection.recv()

    def ask(self, question: Any) -> Any:
        self._connection.send(question)
        return self._connection.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()
