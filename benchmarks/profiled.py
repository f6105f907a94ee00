"""BulkDeleteFunction's handler, which returns where its CPU time went. Needs Linux.

A deterministic profiler would charge small functions for its own hooks. This one looks every other millisecond at what
each thread is doing, and charges that with the CPU time that the thread has used since.
"""

import faulthandler
import re
import sys
import threading
import time
from collections import defaultdict
from tempfile import TemporaryFile
from typing import Any

from contact_deletion.handlers import bulk_delete

INTERVAL_SECONDS = 0.002

WORK_OF_MODULES = {
    "requests": "reading messages",
    "deliveries": "reading messages",
    "ledger": "ledger: keys and records",
    "deletion": "packing and SendGrid calls",
    "sendgrid": "packing and SendGrid calls",
    "observability": "log lines and metrics",
    "notifications": "status messages",
    "responses": "status messages",
}
# The work of a module that botocore does.
CALLS = {"ledger": "ledger: DynamoDB calls"}

THE_REST = "the rest"

_THREAD = re.compile(r"hread 0x([0-9a-f]+) .*\n((?:  File .*\n)*)")
_OURS = re.compile(r"/contact_deletion/(\w+)")


def handler(event: Any, context: Any) -> dict[str, float]:
    """Seconds by kind of work."""
    with _Sampler() as sampler:
        bulk_delete.handler(event, context)
    return dict(sampler.seconds)


class _Sampler:
    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._known: dict[int, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "_Sampler":
        # Or a thread that computes would keep the sampler waiting for longer than its interval.
        sys.setswitchinterval(INTERVAL_SECONDS / 4)
        self._used()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        with TemporaryFile("w+") as stacks:
            while not self._ended.wait(INTERVAL_SECONDS):
                stacks.seek(0)
                stacks.truncate()
                # Of running threads, frame objects are no safe thing to walk along.
                faulthandler.dump_traceback(stacks)
                used = self._used()
                stacks.seek(0)
                for thread, stack in _THREAD.findall(stacks.read()):
                    self.seconds[_work(stack)] += used.get(int(thread, 16), 0.0)

    def _used(self) -> dict[int, float]:
        """CPU seconds of each other thread since the last call."""
        used = {}
        for thread in threading.enumerate():
            if thread is self._thread or thread.ident is None or thread.native_id is None:
                continue
            try:
                now = time.clock_gettime(~thread.native_id << 3 | 6)  # Linux's name for a thread's CPU clock
            except OSError:
                continue  # it has just ended
            used[thread.ident] = now - self._known.get(thread.native_id, 0.0)
            self._known[thread.native_id] = now
        return used


def _work(stack: str) -> str:
    """That of our own module which called, directly or by libraries, what runs; the innermost frame comes first."""
    for ours in _OURS.finditer(stack):
        module = ours[1]
        if "/botocore/" in stack[: ours.start()] and module in CALLS:
            return CALLS[module]
        if module in WORK_OF_MODULES:
            return WORK_OF_MODULES[module]
    return THE_REST
