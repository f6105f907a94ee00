"""What is deployed is what was tested."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = [
    "requirements/bench.txt",
    "requirements/dev.txt",
    "requirements/local.txt",
    "requirements/sam.txt",
    "requirements/uv.txt",
    "src/requirements.txt",
]
OF_THE_LAMBDA_RUNTIME = {"boto3", "botocore", "python-dateutil", "s3transfer", "six"}


def locked(path: str) -> dict[str, str]:
    """Version by package."""
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / path).read_text(), flags=re.MULTILINE))


def needed(requirement: Requirement) -> set[str]:
    """The package and everything that it brings along, as the installed packages declare it."""
    found: set[str] = set()
    waiting = [requirement]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        found.add(name)
        waiting += [
            dependency
            for dependency in map(Requirement, requires(name) or [])
            if canonicalize_name(dependency.name) not in found and applies(dependency, wanted.extras)
        ]
    return found


def applies(dependency: Requirement, extras: set[str]) -> bool:
    return dependency.marker is None or any(
        dependency.marker.evaluate({"extra": extra, "python_version": "3.13"}) for extra in extras or {""}
    )


@pytest.mark.parametrize("path", ["requirements/dev.txt", "requirements/bench.txt", "requirements/local.txt"])
def test_the_functions_get_the_versions_that_were_tested_and_measured(path: str) -> None:
    assert locked("src/requirements.txt").items() <= locked(path).items()


def test_the_demo_runs_on_the_versions_that_were_tested() -> None:
    assert locked("requirements/local.txt").items() <= locked("requirements/dev.txt").items()


def test_the_functions_get_what_they_need_and_the_runtime_lacks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    everything = set[str]().union(*(needed(Requirement(line)) for line in project["dependencies"]))

    assert locked("src/requirements.txt").keys() == everything - OF_THE_LAMBDA_RUNTIME


@pytest.mark.parametrize("path", LOCKS)
def test_every_package_of_a_lock_has_its_hashes(path: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / path).read_text())[1:]

    assert entries
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.splitlines()[0]


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_names_no_index_and_no_machine(path: str) -> None:
    assert not re.search(r"://|index|find-links|/home/|/root/|/tmp/", (ROOT / path).read_text())
