"""The double as a program of its own."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sendgrid_double.support import CONTACTS, ApiSession

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_as_told_until_it_is_stopped(stop: signal.Signals) -> None:
    options = [
        "--port=0",
        "--contacts=3",
        "--job-delay=0",
        "--export-delay=0",
        "--rate-limit=600",
        "--reset=seconds",
    ]
    command = [sys.executable, "-m", "local.sendgrid_double", *options, "--api-key=SG.example"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603 - a program of our own
        assert program.stdout is not None
        greeting = program.stdout.readline()
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+", greeting)
            assert address is not None
            with ApiSession(address[0]) as api:
                count = api.get(f"{CONTACTS}/count")
                assert (count.json()["contact_count"], count.headers["X-RateLimit-Limit"]) == (3, "600")
                assert api.get(CONTACTS, headers={"Authorization": "Bearer SG.other"}).status_code == 401
                api.delete(CONTACTS, params={"delete_all_contacts": "true"})
                assert api.get(f"{CONTACTS}/count").json()["contact_count"] == 0
        finally:
            program.send_signal(stop)
        assert "SG.example" not in greeting + program.stdout.read()
        assert program.wait(timeout=120) == 0
