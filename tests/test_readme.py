"""The README is short, and what it shows is what the code takes and returns."""

import json
import re
from pathlib import Path

import jsonschema

from contact_deletion.requests import bulk_deletion

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text()


def linked_pages(text: str) -> set[str]:
    return {Path(path).name for path in re.findall(r"\]\(((?:docs/)?[\w-]+\.md)[)#]", text)}


def test_it_is_short_and_shows_the_two_commands_first() -> None:
    lines = README.splitlines()

    assert len(lines) <= 150
    assert [line.split("#")[0].strip() for line in lines[:40] if line.startswith("    make")] == [
        "make demo",
        "make test",
    ]


def test_its_event_is_valid() -> None:
    (event,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)

    jsonschema.validate(json.loads(event), json.loads((DOCS / "outcome-event.schema.json").read_text()))


def test_it_and_the_index_list_every_page() -> None:
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}

    assert pages <= linked_pages(README.partition("## Documentation")[2])
    assert pages <= linked_pages((DOCS / "README.md").read_text())


def test_its_message_is_a_request() -> None:
    (body,) = re.findall(r"--message-body '(.*)'", README)

    assert len(bulk_deletion.parse(json.loads(body)).contact_ids) == 1
