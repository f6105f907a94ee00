"""Makes mutants of the modules that decide, and runs the tests against them.

Exit status 1 where less than 90 % of a module's are killed, or one survives that survivors.toml does not list.
"""

import json
import os
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from subprocess import PIPE, STDOUT, run
from tempfile import TemporaryDirectory
from time import monotonic

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LEAST_KILLED = 0.9

# Without what mypy has against mutmut's own additions.
TYPES = [
    *(sys.executable, "-m", "mypy", "--output=json"),
    "--no-warn-unused-ignores",
    "--disable-error-code=no-redef",
]

# The last is what mutmut calls those that it had to kill because they went on without end.
KILLED = {"killed", "timeout", "segfault"}


@dataclass(frozen=True)
class Mutant:
    """In a form that outlives changes of the lines around it."""

    module: str
    function: str
    was: str
    becomes: str


def main(only: Sequence[str]) -> int:
    """Of the modules `only`, where some are given."""
    listed = {
        Mutant(entry["module"], entry["function"], mutant["was"], mutant["becomes"])
        for entry in tomllib.loads((HERE / "survivors.toml").read_text())["survivors"]
        for mutant in entry["mutants"]
    }
    groups = tomllib.loads((HERE / "groups.toml").read_text())["groups"]
    if unknown := set(only) - {module for group in groups for module in group["modules"]}:
        sys.exit(f"groups.toml has no {', '.join(unknown)}")
    began, passed = monotonic(), True
    print(f"{'':<28}{'mutants':>8}{'killed':>8}{'survived':>10}", flush=True)
    for group in groups:
        modules = [module for module in group["modules"] if module in only or not only]
        ends = tested(modules, group["tests"]) if modules else []
        for module in modules:
            killed = [mutant for mutant, is_killed in ends if is_killed and mutant.module == module]
            survived = [mutant for mutant, is_killed in ends if not is_killed and mutant.module == module]
            share = len(killed) / (len(killed) + len(survived))
            print(f"{module:<28}{len(killed) + len(survived):>8}{share:>8.1%}{len(survived):>10}", flush=True)
            passed &= share >= LEAST_KILLED and listed.issuperset(survived)
            report("survives, and is not listed", (mutant for mutant in survived if mutant not in listed))
            gone = listed.difference(survived)
            report("is listed, and does not survive", (mutant for mutant in gone if mutant.module == module))
    print(f"{(monotonic() - began) / 60:.0f} minutes")
    return 0 if passed else 1


def report(what: str, mutants: Iterable[Mutant]) -> None:
    for mutant in mutants:
        print(f"{what}: {mutant.function}\n    - {mutant.was}\n    + {mutant.becomes}")


def tested(modules: Iterable[str], tests: Iterable[str]) -> list[tuple[Mutant, bool]]:
    """The mutants of the modules, each with whether a test killed it. They are made in a copy of the project.

    What has wrong types is no mutant: `make lint` would not let it pass.
    """
    options = {
        "source_paths": ["src"],
        "only_mutate": [f"src/contact_deletion/{module}" for module in modules],
        "also_copy": ["local", "template.yaml", "docs", "events"],
        "pytest_add_cli_args_test_selection": [f"tests/{test}" for test in tests],
        "type_check_command": [*TYPES, "src"],
        "timeout_constant": 3.0,
        "timeout_multiplier": 4.0,
    }
    with TemporaryDirectory() as directory:
        copy = Path(directory, "copy")
        copytree(ROOT, copy, ignore=ignore_patterns(".*", "__pycache__"))
        with (copy / "pyproject.toml").open("a") as project:
            print(
                "\n[tool.mutmut]",
                *(f"{key} = {json.dumps(value)}" for key, value in options.items()),
                sep="\n",
                file=project,
            )
        ran = run(
            [sys.executable, "tests/mutation/mutate.py"],
            cwd=copy,
            env=os.environ | {"CI": "true"},  # Hypothesis then tries the same examples for every mutant
            text=True,
            stdout=PIPE,
            stderr=STDOUT,
        )
        if ran.returncode:
            sys.exit(ran.stdout)
        found = json.loads((copy / "mutants.json").read_text())
    return [
        (Mutant(*(each[key] for key in ("module", "function", "was", "becomes"))), each["status"] in KILLED)
        for each in found
        if each["status"] != "caught by type check"
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
