"""Fixtures for every test."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from local.environment import forget_aws_settings
from tests.support.artifact import left_out
from tests.support.deployment import Deployment, deploy
from tests.support.world import World, new_world

# What these run of src/ runs in processes of its own, if any: to measure it here would only take time.
OUT_OF_COVERAGE = {
    "contract",
    "demo",
    "end_to_end",
    "local_aws",
    "local_stack",
    "permissions",
    "sendgrid_double",
    "smoke",
    "template",
    "workflows",
}


# The property under which a test reports how many it received, as at-least-once delivery allows.
DUPLICATE_EVENTS = "duplicate outcome events"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-call", action="store_true", help="tests/crashes: interrupt every call in every way"
    )


def pytest_configure() -> None:
    # What a function cannot import, no test can.
    sys.modules.update(dict.fromkeys(left_out()))  # type: ignore[arg-type]
    # Before any fixture: no setting of the person who runs the tests reaches boto3.
    forget_aws_settings()
    # Hypothesis without time limits of its own: a busy machine is not a failure.
    hypothesis.settings.register_profile("unhurried", deadline=None)
    hypothesis.settings.load_profile("unhurried")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    duplicates = sum(
        int(str(value))
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == DUPLICATE_EVENTS and report.when == "call"
    )
    if duplicates:
        terminalreporter.write_line(f"{DUPLICATE_EVENTS}: {duplicates}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder in OUT_OF_COVERAGE:
            item.add_marker("no_cover")
        if "deployment" in getattr(item, "fixturenames", ()):
            # A folder's on one worker, so that it makes no deployment for each test.
            item.add_marker(pytest.mark.xdist_group(f"deployment {folder}"))


def pytest_collection_finish() -> None:
    """What was imported and collected stays, and what tests make is small: garbage need not be looked for so often."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture(autouse=True)
def _aws_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test can reach a real account, whatever the machine is logged in to."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def world() -> Iterator[World]:
    with new_world() as world:
        yield world


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    """One for all tests, each of which resets it first."""
    with deploy() as deployment:
        yield deployment
