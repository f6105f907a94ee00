"""What a function needs of other people's packages, written down as a handler that does nothing but import it."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.functions import BuiltFunction

LIBRARIES = frozenset({"aws_lambda_powertools", "boto3", "botocore", "requests"})

HANDLER = "reference.handler"
_FILE = "reference.py"

_PROBE = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
own = [name for name in sys.modules if name.partition(".")[0] == "contact_deletion"]
print(json.dumps({name: sys.modules[name].__file__ for name in own}))
"""


@dataclass(frozen=True)
class Imports:
    """Of a function at init: the project's own modules, and the statements with which these import from libraries."""

    own_modules: tuple[str, ...]
    statements: frozenset[str]


def imports_of(function: BuiltFunction) -> Imports:
    """Runs the import, and reads what the files say that it has loaded."""
    done = subprocess.run(  # noqa: S603 - this interpreter, own script
        [sys.executable, "-c", _PROBE, function.handler.rpartition(".")[0]],
        cwd=function.artifact,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(function.artifact),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        check=True,
        text=True,
    )
    files: dict[str, str] = json.loads(done.stdout)
    statements = frozenset(
        statement for file in files.values() for statement in library_imports(Path(file).read_text())
    )
    return Imports(tuple(sorted(files)), statements)


def library_imports(source: str) -> set[str]:
    """Those at the top of a file; what a function body or TYPE_CHECKING imports is not imported at init."""
    return {
        ast.unparse(node)
        for node in ast.parse(source).body
        if (isinstance(node, ast.Import) and any(_of_library(alias.name) for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and _of_library(node.module or ""))
    }


def write_reference(imports: Imports, directory: Path) -> None:
    """A file with the imports and a handler, next to nothing else."""
    lines = [*sorted(imports.statements), "", "def handler(event, context):", "    return None", ""]
    (directory / _FILE).write_text("\n".join(lines))


def _of_library(module: str) -> bool:
    return module.partition(".")[0] in LIBRARIES
