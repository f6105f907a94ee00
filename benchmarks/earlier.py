"""The application as an earlier revision had it, to measure what has changed since."""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from subprocess import PIPE, run
from tempfile import TemporaryDirectory

from benchmarks.functions import ROOT, BuiltFunction

# The last before a line of the log could stand for many requests, and before jobs were polled side by side.
REVISION = "f610f5d"


@contextmanager
def earlier(function: BuiltFunction) -> Iterator[BuiltFunction]:
    """The function with its modules as they were, and today's dependencies.

    Raises CalledProcessError where the clone does not have the revision.
    """
    archive = run(  # noqa: S603 - a constant revision
        ["git", "archive", REVISION, "contact_deletion"],  # noqa: S607 - the user's git
        cwd=ROOT / "src",
        stdout=PIPE,
        check=True,
    ).stdout
    with TemporaryDirectory() as directory:
        artifact = Path(directory, "artifact")
        shutil.copytree(function.artifact, artifact, ignore=shutil.ignore_patterns("contact_deletion"))
        with tarfile.open(fileobj=BytesIO(archive)) as modules:
            modules.extractall(artifact, filter="data")
        yield replace(function, artifact=artifact)
