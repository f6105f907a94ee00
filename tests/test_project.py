"""What the project says about itself is true: metadata, checks, and updates of dependencies."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def parsed(path: str) -> Any:
    return yaml.safe_load((GITHUB / path).read_text())


def test_checks_run_on_the_oldest_python_and_on_the_runtime_of_the_functions() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=")
    (runtime,) = re.findall(r"Runtime: python(\S+)", (ROOT / "template.yaml").read_text())
    (job,) = parsed("workflows/check.yml")["jobs"].values()

    assert job["strategy"]["matrix"]["python-version"] == [oldest, runtime]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_the_workflow_may_only_read() -> None:
    assert parsed("workflows/check.yml")["permissions"] == {"contents": "read"}


def test_make_check_is_what_ci_runs() -> None:
    assert re.search(r"^check:.*\n\t@\.ci/run$", MAKEFILE, re.MULTILINE)


def test_ci_tests_first() -> None:
    commands = re.findall(r"^ *make (\S+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)

    assert commands[0] == "test"


def test_every_lock_is_updated() -> None:
    pip, actions = parsed("dependabot.yml")["updates"]

    locks = {path.parent for path in [*ROOT.glob("requirements/*.txt"), ROOT / "src" / "requirements.txt"]}
    assert {ROOT / directory.removeprefix("/") for directory in pip["directories"]} == locks
    assert (actions["package-ecosystem"], actions["directory"]) == ("github-actions", "/")


@pytest.mark.parametrize("template", ["bug.yml", "feature.yml"])
def test_an_issue_template_has_a_name_and_fields_of_their_own(template: str) -> None:
    form = parsed(f"ISSUE_TEMPLATE/{template}")

    ids = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert form["name"]
    assert form["description"]
    assert len(ids) == len(set(ids)) > 0


def test_the_files_of_the_metadata_exist() -> None:
    assert [
        path for path in (PROJECT["readme"], *PROJECT["license-files"]) if not (ROOT / path).exists()
    ] == []


def test_make_help_lists_every_target() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)

    assert set(re.findall(r"^([a-z]+):.* ## ", MAKEFILE, re.MULTILINE)) == set(phony.split())
