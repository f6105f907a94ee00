"""Starts execution environments as forks of a process that has imported what functions import.

A fork starts at once, where an interpreter of its own takes half a second of CPU time, and most of an environment's
memory is shared.
"""

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock

_SERVER = Path(__file__).with_name("fork_server.py")


class ForkedProcess:
    """A process that the server has forked. Several threads may use it."""

    def __init__(self, status: socket.socket) -> None:
        self._status = status.makefile("rb")
        status.close()
        self._pid = int(self._status.readline())
        self._exit_status: int | None = None
        self._lock = Lock()

    def kill(self) -> None:
        """Ends the process, unless it has ended."""
        if self._exit_status is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> int:
        """The exit status; that of a signal is negative."""
        with self._lock:
            if self._exit_status is None:
                # Without a line the server is gone, which kills nothing, but nothing waits for the process either.
                self._exit_status = int(self._status.readline() or -signal.SIGKILL)
                self._status.close()
        return self._exit_status


class ForkServer:
    """The process that forks. It ends with this one."""

    def __init__(self) -> None:
        self._control, far_end = socket.socketpair()
        with far_end:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, own script
                # -P: the handler's imports come from its own code, not from the script's directory.
                [sys.executable, "-P", str(_SERVER), str(far_end.fileno())],
                env={"PATH": os.environ["PATH"], "LANG": "en_US.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent
                pass_fds=[far_end.fileno()],
            )
        self._lock = Lock()

    def start(
        self, environment: Mapping[str, str], directory: Path, connection: int, log: int
    ) -> ForkedProcess:
        """Runs lambda_runtime.py with these variables, in this directory, on these file descriptors."""
        request = json.dumps({"environment": dict(environment), "directory": str(directory)})
        status, far_end = socket.socketpair()
        with self._lock:  # one request after the other: the socket is a stream
            with far_end:
                descriptors = [connection, log, far_end.fileno()]
                socket.send_fds(self._control, [request.encode() + b"\n"], descriptors)
            return ForkedProcess(status)

    def stop(self) -> None:
        self._control.close()
        self._process.wait()


@cache
def fork_server() -> ForkServer:
    """The server of this process, started on first use."""
    server = ForkServer()
    atexit.register(server.stop)
    return server
