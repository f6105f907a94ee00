"""What the documents show is what the code takes and gives."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contact_deletion import errors
from contact_deletion.notifications.event_bus import SOURCE

DOCS = Path(__file__).parents[1] / "docs"
SCHEMA = json.loads((DOCS / "outcome-event.schema.json").read_text())

every_document = pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)


def json_blocks(document: Path) -> list[dict[str, Any]]:
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", document.read_text(), re.DOTALL)]


def values(tree: Any, key: str) -> list[Any]:
    """What stands under this key anywhere in the tree."""
    if isinstance(tree, list):
        return [found for branch in tree for found in values(branch, key)]
    if not isinstance(tree, dict):
        return []
    own = [tree[key]] if key in tree else []
    return own + [found for branch in tree.values() for found in values(branch, key)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_event_that_is_shown_is_one() -> None:
    event, rule = json_blocks(DOCS / "events.md")

    jsonschema.validate(event, SCHEMA)
    assert event["source"] == SOURCE
    assert rule["source"] == [SOURCE]
    assert set(rule["detail-type"]) <= set(SCHEMA["properties"]["detail-type"]["enum"])


def test_workflows_name_codes_that_exist() -> None:
    ours = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
    named = {
        code
        for block in json_blocks(DOCS / "workflows.md")
        for errors_equal in values(block, "ErrorEquals")
        for code in errors_equal
    }

    assert {code for code in named if "." not in code} <= ours


def test_every_task_that_waits_has_a_timeout() -> None:
    for block in json_blocks(DOCS / "workflows.md"):
        for state in block.get("States", {"": block}).values():
            assert state["Type"] != "Task" or state["TimeoutSeconds"]


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    targets = re.findall(r"\]\(([^)]+)\)", text)
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    }

    for target in targets:
        path, _, fragment = target.partition("#")
        if not target.startswith("http"):
            assert (DOCS / path).exists(), target
            assert path or fragment in headings, target
