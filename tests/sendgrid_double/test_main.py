"""The double as a program of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.sendgrid_double import SendGridDouble, serve
from local.sendgrid_double.__main__ import main, make_parser
from tests.sendgrid_double.support import CONTACTS, ApiSession

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_with_its_options_until_it_is_stopped(stop: signal.Signals) -> None:
    options = "--port=0 --contacts=3 --job-delay=0 --export-delay=0 --rate-limit=600 --reset=seconds"
    command = [sys.executable, "-m", "local.sendgrid_double", *options.split(), "--api-key=SG.example"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    with subprocess.Popen(  # noqa: S603 - a program of our own
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as program:
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
        output = greeting + program.stdout.read()
        assert "SG.example" not in output
        assert "Traceback" not in output
        assert program.wait(timeout=120) == 0


def test_taken_port_is_one_line_and_status_1(base_url: str) -> None:
    port = base_url.rpartition(":")[2]
    command = [sys.executable, "-m", "local.sendgrid_double", f"--port={port}"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"Port {port} of 127.0.0.1 is in use by another program. Choose another one.\n"


def test_address_of_another_machine_cannot_be_listened_on(double: SendGridDouble) -> None:
    with (
        pytest.raises(SystemExit, match=r"Port 0 of 192\.0\.2\.1 cannot be listened on: "),
        serve(double, host="192.0.2.1"),
    ):
        pass


@pytest.mark.parametrize(
    "option",
    [
        *("--port=70000", "--port=-1", "--port=http", "--contacts=-1", "--job-delay=-1"),
        *("--export-delay=nan", "--latency=inf", "--window=soon", "--reset=later"),
    ],
)
def test_senseless_option_is_named(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([option])
    name, _, value = option.partition("=")
    assert ended.value.code == 2
    assert re.search(f"error: argument {name}: invalid .*{value}", capsys.readouterr().err)


@pytest.mark.parametrize("options", [["--rate-limit=0"], ["--rate-limit=5", "--window=0"]])
def test_senseless_rate_limit_is_explained(
    options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert "error: a rate limit has limit >= 1, window_seconds > 0" in capsys.readouterr().err
