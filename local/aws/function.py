"""A Lambda function: as many execution environments as are invoked at once. They are reused by later invocations."""

import itertools
import threading
from pathlib import Path
from typing import Any

from local.aws.execution_environment import ExecutionEnvironment, FunctionConfiguration, FunctionError


class Function:
    """Thread-safe. Each environment prints to a log stream of its own in `log_directory`.

    At most `concurrency` invocations run at once and further ones wait, where Lambda would throttle them.
    """

    def __init__(
        self, configuration: FunctionConfiguration, log_directory: Path, *, concurrency: int = 4
    ) -> None:
        self.configuration = configuration
        self.log_directory = log_directory
        self.log_directory.mkdir(parents=True)
        self._concurrency = concurrency
        self._slots = threading.BoundedSemaphore(concurrency)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._idle: list[ExecutionEnvironment] = []
        self._busy: set[ExecutionEnvironment] = set()
        self._stopped = False

    def invoke(self, event: Any) -> Any:
        """The handler's result. Raises FunctionError."""
        with self._slots:
            environment = self._reserve()
            try:
                return environment.invoke(event)
            finally:
                self._release(environment)

    def kill(self) -> None:
        """Kills the environments that are in the middle of an invocation."""
        with self._lock:
            for environment in self._busy:
                environment.kill()

    def kill_all(self) -> None:
        """Ends every environment at once. Invocations that run or come later fail as Runtime.ExitError."""
        with self._lock:
            self._stopped = True
            for environment in (*self._busy, *self._idle):
                environment.kill()

    def stop(self) -> None:
        """Ends the environments. Invocations that run or come later fail as Runtime.ExitError."""
        with self._lock:
            self._stopped = True
        self.kill()
        for _ in range(self._concurrency):
            self._slots.acquire()
        while self._idle:
            self._idle.pop().stop()
        self._slots.release(self._concurrency)

    def logs(self) -> str:
        """What the environments printed, one after the other."""
        streams = sorted(self.log_directory.iterdir())
        return "".join(stream.read_text("utf-8", errors="replace") for stream in streams)

    def log_bytes(self) -> int:
        """How much the environments printed so far."""
        return sum(stream.stat().st_size for stream in self.log_directory.iterdir())

    def _reserve(self) -> ExecutionEnvironment:
        with self._lock:
            if self._stopped:
                raise FunctionError(
                    {"errorType": "Runtime.ExitError", "errorMessage": "The function is gone."}
                )
            environment = self._idle.pop() if self._idle else self._start()
            self._busy.add(environment)
            return environment

    def _start(self) -> ExecutionEnvironment:
        return ExecutionEnvironment(self.configuration, self.log_directory / f"{next(self._numbers):04}.log")

    def _release(self, environment: ExecutionEnvironment) -> None:
        with self._lock:
            self._busy.remove(environment)
            if environment.usable:
                self._idle.append(environment)
                return
        environment.stop()
