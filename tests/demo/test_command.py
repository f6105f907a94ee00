"""The demo as a user starts and interrupts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import descendants, running

ROOT = Path(__file__).parents[2]
GENEROUS_SECONDS = 600  # nothing is judged by it


@pytest.mark.parametrize("step", ["Step 2", "Step 3"])
def test_interrupt_ends_it_without_a_trace_and_without_a_process_left(step: str, tmp_path: Path) -> None:
    asked_for = {"PYTHONIOENCODING": "ascii", "PYTHONUNBUFFERED": "1", "FORCE_COLOR": "1"}
    environment = {**os.environ, **asked_for, "AWS_PROFILE": "none", "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-m", "local.demo"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if step in line:
                break
        started = descendants(demo.pid)

        os.killpg(demo.pid, signal.SIGINT)

        rest, _ = demo.communicate(timeout=GENEROUS_SECONDS)

    assert demo.returncode == 130, lines
    assert rest.splitlines()[-1].startswith("Interrupted after ")
    assert "Traceback" not in rest
    assert all(line.isascii() and line.isprintable() for line in rest.splitlines())
    assert not started & running()
    assert list(tmp_path.iterdir()) == []
