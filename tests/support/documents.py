"""What the tests read out of the project's documents."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), ROOT / "tests" / "README.md"])

_FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`[^`\n]*`")


def fenced(document: Path, language: str) -> list[str]:
    """The fenced blocks of this language."""
    return [block for named, block in _FENCED.findall(document.read_text()) if named == language]


def json_blocks(document: Path) -> list[dict[str, Any]]:
    return [json.loads(block) for block in fenced(document, "json")]


def prose(document: Path) -> str:
    """The text without its code."""
    return _SPAN.sub("", _FENCED.sub("", document.read_text()))


def commands(document: Path) -> str:
    """What is to be typed into a shell: fenced blocks of `sh`, and indented lines."""
    indented = re.findall(r"^ {4,}.*$", _FENCED.sub("", document.read_text()), re.MULTILINE)
    return "\n".join([*fenced(document, "sh"), *indented])


def code(document: Path) -> str:
    """Commands, and spans of code in the prose."""
    return "\n".join([commands(document), *_SPAN.findall(_FENCED.sub("", document.read_text()))])


def aws_commands(document: Path) -> Iterator[list[str]]:
    """The words of each `aws` command, up to what ends it."""
    for command in re.findall(r"\baws [^\n;&)]*(?:\)[^\n;&)]*)*", commands(document).replace("\\\n", " ")):
        yield shlex.split(re.sub(r"\$\([^)]*\)", "RESOURCE", command.removesuffix(")")), posix=True)


def anchors(document: Path) -> set[str]:
    """The fragments by which GitHub lets one link to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
