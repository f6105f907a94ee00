"""Imports run one way, and importing does nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"

LAYERS = [
    {"errors", "deadline"},
    {"requests"},
    {"sendgrid"},
    {"outcomes"},
    {"deliveries", "observability"},
    {"ledger"},
    {"deletion", "job_status", "notifications", "backup"},
    {"contact_list"},
    {"responses", "runtime"},
    {"queue_function", "workflow_function"},
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


@pytest.mark.parametrize(("module", "imported"), [pytest.param(*each, id=each[0]) for each in modules()])
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


FOR_SENDGRID = {"requests", "aws_lambda_powertools.utilities.parameters", "contact_deletion.sendgrid"}
FOR_A_QUEUE = {
    "contact_deletion.deliveries",
    "contact_deletion.notifications",
    "contact_deletion.requests.status_check",
    "contact_deletion.responses",
}
FOR_THE_LEDGER = {"aws_lambda_powertools.utilities.idempotency", "contact_deletion.ledger"}
FOR_DELETION = {"contact_deletion.deletion"}
FOR_JOB_STATUS = {"contact_deletion.job_status"}
FOR_BACKUPS = {"contact_deletion.backup"}
FOR_LISTS = {"contact_deletion.contact_list"}

USES = {
    "bulk_delete": FOR_SENDGRID | FOR_A_QUEUE | FOR_THE_LEDGER | FOR_DELETION,
    "delete_all": FOR_SENDGRID | FOR_A_QUEUE | FOR_THE_LEDGER | FOR_DELETION,
    "remove_identifier": FOR_SENDGRID | FOR_A_QUEUE | FOR_THE_LEDGER | FOR_DELETION,
    "deletion_status": FOR_SENDGRID | FOR_A_QUEUE | FOR_JOB_STATUS,
    "contact_count": FOR_SENDGRID | FOR_BACKUPS,
    "identifier_check": FOR_SENDGRID | FOR_DELETION,
    "export_start": FOR_SENDGRID,
    "export_status": FOR_SENDGRID | FOR_BACKUPS,
    "export_copy": FOR_SENDGRID | FOR_BACKUPS,
    "backup_check": FOR_BACKUPS,
    "list_summary": FOR_LISTS,
    "prepare_list": FOR_SENDGRID | FOR_DELETION | FOR_BACKUPS | FOR_LISTS | {"contact_deletion.ledger"},
}
"""What each function imports of that which not all of them need: a cold start pays for every import."""

OPTIONAL = {name for names in USES.values() for name in names}


@pytest.mark.parametrize("function", USES)
def test_importing_a_handler_imports_what_it_uses_and_does_nothing(function: str) -> None:
    program = (
        "import botocore.session, sys\n"
        "def refuse(*_, **__): raise SystemExit('a client was made')\n"
        "botocore.session.Session.create_client = refuse\n"
        f"import contact_deletion.handlers.{function}\n"
        "print(*sys.modules)\n"
    )

    done = subprocess.run(  # noqa: S603 - a program of our own
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SOURCE)},  # and no setting
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert {name for name in done.stdout.split() if name in OPTIONAL} == USES[function]


def test_what_every_handler_uses_is_known() -> None:
    assert {path.stem for path in (SOURCE / "contact_deletion" / "handlers").glob("[a-z]*.py")} == USES.keys()
