"""src/Makefile builds each function on its own, beside the others, and only where it may."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from local.aws.template import TEMPLATE
from tests.support.artifact import MAKEFILE, left_out
from tests.template.names import FUNCTIONS

MAKE = shutil.which("make") or "make"
# As `sam build --parallel` does: a make of its own for each function, up to eight side by side.
ALL = f"""
.PHONY: all {" ".join(FUNCTIONS)}
all: {" ".join(FUNCTIONS)}
{" ".join(FUNCTIONS)}:
\tmkdir -p artifacts/$@
\tMAKEFLAGS= $(MAKE) -C src build-$@Function ARTIFACTS_DIR=$(CURDIR)/artifacts/$@
"""


# Python whose pip, when it has installed, waits until another one has started.
SLOW_PYTHON = f"""#!/bin/sh
case "$*" in
  *"pip install"*)
    mkdir -p installing installed
    touch installing/$$
    {sys.executable} "$@" || exit
    touch installed/$$
    until [ "$(ls installing | wc -l)" -ge 2 ]; do sleep 0.02; done ;;
  *)
    exec {sys.executable} "$@" ;;
esac
"""


def add_wheel(directory: Path, name: str, modules: Iterable[str] = ()) -> str:
    """A package with these modules; returns its line of requirements.txt."""
    wheel = directory / f"{name}-1.0-py3-none-any.whl"
    metadata = f"{name}-1.0.dist-info"
    with ZipFile(wheel, "w") as archive:
        for module in (name, *modules):
            archive.writestr(f"{module.replace('.', '/')}/__init__.py", "")
        archive.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{metadata}/RECORD", "")
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree with the Makefile, whose packages are files of this machine."""
    (tmp_path / "wheels").mkdir()
    package = tmp_path / "src" / "contact_deletion"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    requirements = [add_wheel(tmp_path / "wheels", name) for name in ("first", "second")]
    (tmp_path / "src" / "requirements.txt").write_text("".join(requirements))
    shutil.copy(MAKEFILE, tmp_path / "src")
    return tmp_path


def environment(tree: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHON": sys.executable,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tree / "wheels"),
        # What people set for other work.
        "PIP_PREFIX": str(tree / "elsewhere"),
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_USER": "1",
    }


def make(tree: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - own Makefile
        [MAKE, *arguments], env=environment(tree), capture_output=True, text=True, check=False, **more
    )


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def test_functions_that_are_built_side_by_side_have_the_same_artifact(tree: Path) -> None:
    built = make(tree, "-j8", "-f", "-", cwd=tree, input=ALL)

    assert built.returncode == 0, built.stderr
    artifacts = {name: files(tree / "artifacts" / name) for name in FUNCTIONS}
    (first, *rest) = artifacts.values()
    assert first.keys() >= {"contact_deletion/__init__.py", "first/__init__.py", "second/__init__.py"}
    assert [other for other in rest if other != first] == []
    assert len(list((tree / ".aws-sam").iterdir())) == 1


def built(tree: Path, runtime_version: str) -> subprocess.CompletedProcess[str]:
    """A function for this version of Lambda's Python, built in `tree / "artifact"`."""
    (tree / "artifact").mkdir()
    variables = (f"ARTIFACTS_DIR={tree}/artifact", f"RUNTIME_VERSION={runtime_version}")
    return make(tree, "-C", str(tree / "src"), "build-BulkDeleteFunction", *variables)


def test_where_the_build_has_the_runtimes_python_every_module_has_bytecode(tree: Path) -> None:
    build = built(tree, "{}.{}".format(*sys.version_info))

    assert build.returncode == 0, build.stderr
    artifact = files(tree / "artifact")
    for module in ("contact_deletion", "first", "second"):
        bytecode = artifact[importlib.util.cache_from_source(f"{module}/__init__.py", optimization="")]
        assert bytecode[4:8] == b"\x01\0\0\0", "valid whatever times the files have (PEP 552)"
        assert str(tree).encode() not in bytecode


def test_where_it_has_another_there_is_no_bytecode_and_the_build_says_so(tree: Path) -> None:
    build = built(tree, "3.99")

    assert build.returncode == 0, build.stderr
    assert "No python3.99 is here, so the functions have no bytecode" in build.stdout
    assert [path for path in files(tree / "artifact") if "__pycache__" in path] == []


def test_parts_of_powertools_that_no_function_imports_are_left_out(tree: Path) -> None:
    """All tests run without them."""
    modules = ["aws_lambda_powertools.utilities", "aws_lambda_powertools.logging", *left_out()]
    requirement = add_wheel(tree / "wheels", "aws_lambda_powertools", modules)
    (tree / "src" / "requirements.txt").write_text(requirement)

    built(tree, "3.99")

    packages = tree / "artifact" / "aws_lambda_powertools"
    assert {path.name for path in packages.iterdir()} == {"__init__.py", "logging", "utilities"}
    assert {path.name for path in (packages / "utilities").iterdir()} == {"__init__.py"}


def test_a_build_that_starts_while_another_ends_takes_nothing_from_it(tree: Path) -> None:
    """Deterministically what happens now and then when functions are built side by side."""
    slow_python = tree / "slow-python"
    slow_python.write_text(SLOW_PYTHON)
    slow_python.chmod(0o755)

    def start(name: str) -> subprocess.Popen[str]:
        artifacts = tree / "artifacts" / name
        artifacts.mkdir(parents=True)
        return subprocess.Popen(  # noqa: S603 - own Makefile
            [MAKE, "build-BulkDeleteFunction", f"ARTIFACTS_DIR={artifacts}"],
            cwd=tree / "src",
            env=environment(tree) | {"PYTHON": str(slow_python)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )

    first = start("first")
    while not list((tree / "src").glob("installed/*")):
        assert first.poll() is None, first.communicate()
    builds = [first, start("second")]

    for build in builds:
        _, errors = build.communicate()
        assert build.returncode == 0, errors
    assert files(tree / "artifacts" / "first") == files(tree / "artifacts" / "second")


def test_packages_are_installed_again_when_the_lock_has_changed(tree: Path) -> None:
    make(tree, "-C", str(tree / "src"), "build-BulkDeleteFunction", f"ARTIFACTS_DIR={tree}/before")
    (tree / "src" / "requirements.txt").write_text(add_wheel(tree / "wheels", "third"))
    for name in ("before", "after"):
        (tree / name).mkdir(exist_ok=True)

    built = make(tree, "-C", str(tree / "src"), "build-BulkDeleteFunction", f"ARTIFACTS_DIR={tree}/after")

    assert built.returncode == 0, built.stderr
    assert {path.name for path in (tree / "after").iterdir() if path.suffix != ".dist-info"} == {
        "contact_deletion",
        "third",
    }


def test_a_build_in_a_copy_of_the_source_is_refused(tree: Path) -> None:
    """SAM CLI copies the source to the shared temporary directory unless `build_in_source` is set."""
    scratch = tree / "tmp" / "scratch"
    shutil.copytree(tree / "src", scratch)
    (tree / "artifacts").mkdir()

    built = make(
        tree,
        "--makefile",
        str(tree / "src" / "Makefile"),
        "build-BulkDeleteFunction",
        f"ARTIFACTS_DIR={tree}/artifacts",
        cwd=scratch,
    )

    assert built.returncode != 0
    assert "build_in_source" in built.stderr
    assert list((tree / "artifacts").iterdir()) == []
    assert [path.name for path in (tree / "tmp").iterdir()] == ["scratch"]


@pytest.mark.parametrize("command", ["build", "sync"])
@pytest.mark.parametrize("environment", ["default", "dev", "prod"])
def test_every_command_that_builds_does_so_in_the_source_tree(environment: str, command: str) -> None:
    samconfig: Mapping[str, Any] = tomllib.loads((TEMPLATE.parent / "samconfig.toml").read_text())

    assert samconfig[environment][command]["parameters"]["build_in_source"] is True
