"""Whatever is not checked has its reason beside it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUPPRESSION = re.compile(r"#\s*noqa\b(?!: [A-Z]+\d+(, [A-Z]+\d+)* - \w)")


def test_every_suppression_of_the_linter_has_a_reason() -> None:
    files = [path for part in ("src", "local", "tests", "benchmarks") for path in (ROOT / part).rglob("*.py")]
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SUPPRESSION.search(line)
    ]

    assert len(files) > 300
    assert bare == []


def test_every_check_of_the_template_that_is_left_out_has_a_reason() -> None:
    lines = (ROOT / ".checkov.yaml").read_text().splitlines()
    left_out = [number for number, line in enumerate(lines) if line.lstrip().startswith("- ")]

    assert left_out
    for number in left_out:
        assert lines[number - 1].startswith("  # "), lines[number]
