"""Runs shell commands, as the documents and `make stack` print them, against a stack on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

from local.aws.names import REGION

# Version 1 of the CLI, which PyPI has, asks AWS's own SQS whatever AWS_ENDPOINT_URL says. Version 2 does not need this.
_PRELUDE = """
set -euo pipefail
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
"""


def blocks(markdown: str) -> list[str]:
    """The fenced blocks of shell commands of a document, in order."""
    return re.findall(r"^ *```sh\n(.*?)^ *```$", markdown, re.DOTALL | re.MULTILINE)


def run(script: str, endpoint_url: str, directory: Path) -> str:
    """Runs a script in a directory and returns its standard output.

    The script sees nothing of this process's environment but PATH. Raises AssertionError, with all that was printed,
    when one of its commands fails.
    """
    completed = subprocess.run(  # noqa: S603 - the documents' own commands
        ["bash", "-c", _PRELUDE + script],  # noqa: S607 - of the PATH
        env={
            # The CLI is installed beside this interpreter.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "NO_PROXY": "*",
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        },
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, f"{script}\n{completed.stdout}\n{completed.stderr}"
    return completed.stdout
