"""Imports run one way, and importing does nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

LAYERS = [
    {
        "errors",
        "aws_errors",
        "batch_calls",
        "deadline",
        "jobs",
        "patience",
        "settings",
        "redaction",
        "timestamps",
    },
    {"inbound", "request"},
    {"outcomes"},
    {"settled", "telemetry"},
    {"sendgrid"},
    {"ledger", "deletion", "following", "announcement", "backup", "contact_list"},
    {"reply"},
    {"platform"},
    {"application", "task"},
    {"handlers"},
]
"""From the bottom to the top; the lowest may import from each other."""


def modules() -> Iterator[tuple[str, set[str]]]:
    """Each module's top-level name in the package, and the names of those that it imports from."""
    for path in sorted((SOURCE / "contact_deletion").rglob("*.py")):
        imported = {
            name
            for node in ast.walk(ast.parse(path.read_text()))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [f"{node.module}.{alias.name}" for alias in node.names]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        yield path.relative_to(SOURCE / "contact_deletion").with_suffix("").as_posix(), imported


@pytest.mark.parametrize(("module", "imported"), [pytest.param(*one, id=one[0]) for one in modules()])
def test_a_module_imports_only_from_below(module: str, imported: set[str]) -> None:
    own = module.split("/")[0]
    level = {name: number for number, names in enumerate(LAYERS) for name in names}
    for name in imported:
        assert not name.startswith(("local", "tests")), "what is deployed needs nothing of what is not"
        if name.startswith("contact_deletion."):
            other = name.split(".")[1]
            below = level[other] < level[own]
            at_the_bottom = level[other] == level[own] == 0
            assert other == own or below or at_the_bottom, f"{module} imports {name}"


@pytest.mark.parametrize(
    "function", sorted(path.stem for path in (SOURCE / "contact_deletion" / "handlers").glob("[a-z]*.py"))
)
def test_importing_a_handler_reads_no_setting_and_makes_no_client(function: str) -> None:
    program = (
        "import botocore.session\n"
        "def refuse(*_, **__): raise SystemExit('a client was made')\n"
        "botocore.session.Session.create_client = refuse\n"
        f"import contact_deletion.handlers.{function}\n"
    )

    done = subprocess.run(  # noqa: S603 - a program of our own
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
