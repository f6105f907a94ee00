"""What the command prints, and its exit status."""

from pathlib import Path

import pytest
from rich.console import Console

from local.aws.names import REGION, STACK_NAME
from local.smoke import table
from local.smoke.__main__ import main
from local.smoke.failures import CheckFailed
from local.smoke.report import Report
from tests.smoke.conftest import Smoke
from tests.support.deployment import API_KEY


def test_healthy_stack_is_reported_line_by_line_without_personal_data(
    smoke: Smoke, capsys: pytest.CaptureFixture[str]
) -> None:
    contact_ids = smoke.double.account.contact_ids()

    status = main(["--stack", STACK_NAME, "--region", REGION])

    printed = capsys.readouterr().out
    assert status == 0
    assert "passed   BulkDeleteQueue: unknown contact  completed" in printed
    assert "The stack works." in printed
    for secret in (API_KEY, "on-call@example.com", *contact_ids):
        assert secret not in printed


def test_failure_is_reported_with_what_to_do(smoke: Smoke, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--stack", "another", "--region", REGION])

    printed = capsys.readouterr().out
    assert status == 1
    assert "there is no stack another in us-east-1" in printed
    assert "AWS_PROFILE" in printed
    assert "Not everything works." in printed


def test_region_is_that_of_the_aws_cli(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    assert main(["--stack", "another"]) == 1
    assert "in eu-west-1" in capsys.readouterr().out


def test_unknown_profile_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nonesuch")

    assert main(["--stack", STACK_NAME]) == 1
    assert "nonesuch" in capsys.readouterr().out


def test_terminal_shows_every_check_with_its_state(tmp_path: Path) -> None:
    with (tmp_path / "terminal").open("w+") as terminal:
        console = Console(file=terminal, force_terminal=True, width=100)
        report = Report(lambda check: table.print_ended(console, check))
        with table.shown(report, console):
            report.add("first").passes("done")
            report.add("second").fails(CheckFailed("[broken]", "Fix it."))
            report.add("third").is_skipped("not needed")
            report.add("fourth")
        table.show_failures(report, console)
        terminal.seek(0)
        printed = terminal.read()

    for text in ("passed", "failed", "skipped", "waiting", "first", "fourth", "[broken]", "→ Fix it."):
        assert text in printed
    assert not report.is_success
