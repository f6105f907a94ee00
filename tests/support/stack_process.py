"""`make stack`'s command in a process of its own, as a person would use it: by what it prints."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.stack.command import ROOT

# With nothing printed for so long, nothing will be, however busy the machine is.
_SILENCE_SECONDS = 180
_READY = "Ctrl-C ends it all."


# Settings for real accounts, and a terminal without Unicode.
_HOSTILE_ENVIRONMENT = {
    "AWS_CONFIG_FILE": __file__,
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_PROFILE": "missing",
    "AWS_RETRY_MODE": "none",
    "PYTHONIOENCODING": "ascii",
}


class StackProcess:
    """On free ports, in an environment made for other work. `guide` is what it printed until it was ready."""

    def __init__(self, home: Path, *options: str) -> None:
        self._home = home
        self._errors = home / "stack.stderr"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - own module
                [sys.executable, "-m", "local.stack", "--aws-port", "0", "--sendgrid-port", "0", *options],
                cwd=ROOT,
                env=self._environment() | _HOSTILE_ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.pid = self._process.pid
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.guide = ""

    def wait_until_ready(self) -> None:
        while not self.guide.endswith(f"{_READY}\n"):
            self.guide += f"{self.next_line()}\n"

    def next_line(self) -> str:
        """Waits for it. Raises AssertionError when there is none."""
        try:
            line = self._lines.get(timeout=_SILENCE_SECONDS)
        except queue.Empty:
            raise AssertionError("the stack prints nothing more") from None
        assert line is not None, f"the stack ended: {self._errors.read_text()}"
        return line

    def line_that_says(self, *parts: str) -> str:
        """The next line with all of these in it."""
        while True:
            line = self.next_line()
            if all(part in line for part in parts):
                return line

    def run(self, title: str) -> str:
        """Runs the printed command under this title with bash, after the printed exports; returns what it prints."""
        script = self.printed("In another terminal") + self.printed(title)
        completed = subprocess.run(  # noqa: S603 - what the stack printed
            ["bash", "-euc", script],  # noqa: S607 - of the PATH
            cwd=self._home,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert completed.returncode == 0, f"{script}\n{completed.stdout}\n{completed.stderr}"
        return completed.stdout

    def printed(self, title: str) -> str:
        """What stands indented under the title that begins so, with its indentation."""
        block = re.search(rf"^{title}[^\n]*:\n\n((?:    [^\n]*\n)+)", self.guide, re.MULTILINE)
        assert block, title
        return block[1]

    def end(self, signal_number: signal.Signals) -> tuple[int, str]:
        """Sends the signal, and returns the exit status and what is on standard error."""
        self._process.send_signal(signal_number)
        self._process.wait()
        self._reader.join()
        return self._process.returncode, self._errors.read_text()

    def _environment(self) -> dict[str, str]:
        # The AWS CLI is installed beside this interpreter.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "HOME": str(self._home)}

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout:
            for line in self._process.stdout:
                self._lines.put(line.removesuffix("\n"))
        self._lines.put(None)


@contextmanager
def stack_process(home: Path, *options: str) -> Iterator[StackProcess]:
    """While the block runs; killed at its end, if it still runs."""
    stack = StackProcess(home, *options)
    try:
        yield stack
    finally:
        stack.end(signal.SIGKILL)
