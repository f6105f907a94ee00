"""What the README shows is what the code takes and gives."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from contact_deletion import errors
from contact_deletion.errors import Deferred, Rejected
from contact_deletion.requests import account_deletion, bulk_deletion, identifier_removal
from local.aws.template import load_template

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def json_blocks() -> list[dict[str, Any]]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", README, re.DOTALL)]


def test_the_requests_that_it_shows_are_valid() -> None:
    bulk, everything, identifier = json_blocks()[:3]

    assert len(bulk_deletion.parse(bulk).contact_ids) == 2
    assert account_deletion.parse(everything).max_contacts == 25_000
    assert identifier_removal.parse(identifier).identifier_type == "EMAIL"


def test_it_explains_every_code() -> None:
    codes = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Rejected | Deferred) and kind not in (Rejected, Deferred)
    }

    assert set(re.findall(r"^\| `(\w+)` \| .* \| (?:rejected|deferred)", README, re.MULTILINE)) == codes


def test_it_explains_every_parameter() -> None:
    settings = README.partition("### Settings")[2].partition("\n## ")[0]
    rows = [line for line in settings.splitlines() if line.startswith("| `")]

    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert named == yaml_parse((ROOT / "template.yaml").read_text())["Parameters"].keys()


def test_its_workflow_retries_and_catches_codes_that_exist() -> None:
    (state,) = [s for s in json_blocks()[-1]["States"].values() if s["Type"] == "Task"]
    named = {code for rule in state["Retry"] + state["Catch"] for code in rule["ErrorEquals"]}

    ours = {code for code in named if not code.startswith("Lambda.")}
    assert ours <= {name for name, _ in inspect.getmembers(errors, inspect.isclass)}


def test_its_links_lead_somewhere() -> None:
    paths = [
        target.partition("#")[0]
        for target in re.findall(r"\]\(([^)]+)\)", README)
        if not target.startswith(("http", "#"))
    ]

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_its_workflow_waits_longer_than_the_function_runs() -> None:
    function = load_template(ROOT / "template.yaml").of_type("AWS::Lambda::Function")["BulkDeleteFunction"]

    assert json_blocks()[-1]["States"]["DeleteContacts"]["TimeoutSeconds"] > function["Timeout"]
