"""The process of which execution environments are forks: `fork_server.py CONTROL`, a script.

On the socket whose file descriptor is CONTROL it receives lines of JSON, `{"environment", "directory"}`. With each come
three file descriptors: the environment's connection, its log, and a socket on which the server writes the fork's
process ID, and its exit status when it has ended. The server ends when the other end of CONTROL does.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

Serve = Callable[[Connection], None]

# What functions import, where it is installed.
_PRELOADED = (
    "boto3",
    "requests",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parameters",
)
_MAX_BYTES = 1024 * 1024


def main(control: socket.socket) -> None:
    serve = _preloaded_runtime()
    ended, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    statuses: dict[int, int] = {}
    while True:
        readable, _, _ = select.select([control.fileno(), ended], [], [])
        if ended in readable:
            os.read(ended, 4096)
            _report_ended(statuses)
        if control.fileno() not in readable:
            continue
        request, descriptors, _, _ = socket.recv_fds(control, _MAX_BYTES, 3)
        if not request:
            return
        while not request.endswith(b"\n"):
            request += control.recv(_MAX_BYTES)
        connection, log, status = descriptors
        if not (pid := os.fork()):
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (control.detach(), ended, wakeup, status, *statuses.values()):
                os.close(descriptor)
            _run(serve, **json.loads(request), connection=connection, log=log)
        os.close(connection)
        os.close(log)
        os.write(status, b"%d\n" % pid)
        statuses[pid] = status


def _preloaded_runtime() -> Serve:
    sys.path.append(os.path.dirname(__file__))
    for name in _PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    serve: Serve = importlib.import_module("lambda_runtime").main
    sys.path.pop()
    return serve


def _report_ended(statuses: dict[int, int]) -> None:
    while statuses:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        descriptor = statuses.pop(pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(descriptor, b"%d\n" % os.waitstatus_to_exitcode(status))
        os.close(descriptor)


def _run(serve: Serve, environment: dict[str, str], directory: str, connection: int, log: int) -> None:
    """In the fork: becomes an environment, and ends the process."""
    exit_status = 1
    try:
        os.setsid()
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        os.chdir(directory)
        sys.path.insert(0, directory)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.close(log)
        serve(Connection(connection))
        exit_status = 0
    except SystemExit as end:
        exit_status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(exit_status)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
