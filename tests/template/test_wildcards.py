"""Every "*" in a policy has its reason beside it, and a few are all there are."""

import re
from collections.abc import Iterator
from typing import Any

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws.template import TEMPLATE
from tests.template.tree import within

SOURCE = TEMPLATE.read_text()
RESOURCES = slice(SOURCE.index("\nResources:"), SOURCE.index("\n  Dashboard:"))
LINES = SOURCE[RESOURCES].splitlines()
# Everything under a name of the stack's own: part of a bucket, the executions of one state machine, or one operation's
# items.
PREFIX = re.compile(
    r"\$\{\w+Bucket\.Arn\}/(\w+/)?\*|\$\{\w+\.Name\}[:/]\*|: (lists|results|backups)/\*|\[\"\w+#\*\"\]"
)


def has_wildcard(line: str) -> bool:
    return "*" in PREFIX.sub("", line.partition("# ")[0])


def unexplained() -> Iterator[str]:
    for number, line in enumerate(LINES):
        if has_wildcard(line) and not _explained(number):
            yield line.strip()


def _explained(number: int) -> bool:
    """By the line above; or within a statement that denies, or a policy whose heading says what it is of."""
    indent = len(LINES[number]) - len(LINES[number].lstrip())
    start = next(n for n in range(number, 0, -1) if re.match(rf"\s{{0,{indent - 2}}}- Sid:", LINES[n]))
    statement = LINES[start : number + 1]
    if any("Effect: Deny" in line for line in statement):
        return True
    heading = next(n for n in range(start - 1, 0, -1) if "Statement:" in LINES[n])
    return LINES[number - 1].lstrip().startswith("#") or "#" in LINES[heading]


def allowing() -> Iterator[Any]:
    """Statements that allow something."""
    return within(yaml_parse(SOURCE), "Effect", "Allow")


def test_every_wildcard_has_its_reason_beside_it() -> None:
    assert sum(map(has_wildcard, LINES)) > 20
    assert list(unexplained()) == []


def test_no_statement_is_about_all_but_something() -> None:
    """What NotAction and NotResource leave open grows with AWS."""
    for statement in allowing():
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition", "Principal"}


def test_no_other_account_is_allowed_anything() -> None:
    for statement in allowing():
        principal = statement.get("Principal", {})
        assert principal != "*"
        assert principal.get("AWS", "") != "*"
