"""What src/Makefile leaves out of the functions' artifact."""

import re
from pathlib import Path

MAKEFILE = Path(__file__).parents[2] / "src" / "Makefile"


def left_out() -> list[str]:
    """The modules of Powertools, by their names."""
    paths = re.findall(r"^UNUSED := (.*)\\\n(.*)$", MAKEFILE.read_text(), re.MULTILINE)
    return [f"aws_lambda_powertools.{path.replace('/', '.')}" for line in paths[0] for path in line.split()]
