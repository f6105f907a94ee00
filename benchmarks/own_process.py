"""A part of the benchmark in a process of its own, so that it takes no CPU time from the one that is measured."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self


class OwnProcess:
    """Runs `serve`, a module's own function, and calls it from one thread at a time.

    `serve` first sends its introduction, then a response to each call, until the connection ends.
    """

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        context = get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process = context.Process(target=serve, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()
        self.introduction = self._connection.recv()

    def call(self, request: Any) -> Any:
        self._connection.send(request)
        return self._connection.recv()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()
