import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.cold_start import ColdStart
from benchmarks.cost import Bill
from benchmarks.finding import Figure, Finding, Target
from benchmarks.memory import Peak
from benchmarks.reference_imports import Imports
from benchmarks.report import Report, figure, markdown, number, show

MET = Finding(
    what="DELETE calls",
    work="10,000 one-contact messages",
    ours="50 calls",
    others="A 10,000, B 100",
    measured=Figure.of(1.0),
    target=Target("≤", 1.05, "× the fewest"),
)
MISSED = Finding(
    what="artifact",
    work="zipped",
    ours="4 MB",
    others="",
    measured=Figure.of(4.0, 3.5, 4.25),
    target=Target("≤", 3, "MB"),
    remark="a pipe | in it, and why it can't be",
)


IMPORTS = Imports(("contact_deletion", "contact_deletion.errors"), frozenset())


def report(*findings: Finding) -> Report:
    return Report(
        findings=findings,
        seconds_to_last_202={"A": 800.0, "ours": 1.2},
        cold_starts=[
            ColdStart("BulkDeleteFunction", IMPORTS, wall_seconds=0.6, ours=[0.55], reference=[0.5])
        ],
        peaks=[Peak("BulkDeleteFunction", "one message", Figure.of(74.2))],
        profile=[("parsing", 0.25), ("the ledger", 0.75)],
        bills={"ours": Bill(lambda_=0.1, events=1.0), "A": Bill(lambda_=7.0)},
        measured_on=date(2026, 12, 1),
        seconds=270.0,
    )


def table_rows(text: str) -> list[list[str]]:
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_every_finding_is_a_row() -> None:
    rows = table_rows(markdown(report(MET, MISSED)))

    work = ["DELETE calls", "10,000 one-contact messages", "50 calls", "A 10,000, B 100"]
    assert [*work, "1", "≤ 1.05 × the fewest", "✓"] in rows
    assert ["artifact", "zipped", "4 MB", "–", "4 (3.5–4.25)", "≤ 3 MB", "✗"] in rows


def test_it_says_which_target_is_missed_and_why_or_that_every_target_is_met() -> None:
    missed, met = markdown(report(MET, MISSED)), markdown(report(MET))

    why = "artifact (zipped), 4 (3.5–4.25) and not ≤ 3 MB: a pipe | in it, and why it can't be"
    assert f"- **Not met: {why}**" in missed
    assert "Every target is met" not in missed
    assert "Not met: DELETE calls" not in missed
    assert "Every target is met." in met
    assert "Not met" not in met


def test_a_remark_that_several_findings_share_stands_once() -> None:
    one, other = (replace(MET, work=work, remark="by counting.") for work in ("lists", "singles"))

    assert markdown(report(one, other)).count("by counting") == 1
    assert "- DELETE calls: by counting.\n" in markdown(report(one, other))


def test_it_has_what_else_was_measured() -> None:
    rows = table_rows(markdown(report(MET)))

    assert ["BulkDeleteFunction", "2", "550 ms", "500 ms", "1.1", "600 ms"] in rows
    assert ["BulkDeleteFunction", "one message", "74.2 MB"] in rows
    assert ["the ledger", "75%"] in rows
    assert ["total", "1.100", "7.000"] in rows


def test_every_row_of_a_table_has_a_cell_for_each_column() -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", markdown(report(MET, MISSED)), re.MULTILINE)

    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_it_says_that_it_is_written_by_a_program_and_nothing_is_left_to_fill_in() -> None:
    text = markdown(report(MET))

    assert text.startswith("<!-- This file is written by `make bench`")
    assert not re.search(r"\{\w*\}", text)
    assert "2026-12-01" in text


def test_its_links_lead_somewhere() -> None:
    docs = Path(__file__).parents[2] / "docs"
    targets = set(re.findall(r"\]\(([^)]+)\)", markdown(report(MET)))) - {"benchmarks.svg"}

    assert targets
    assert [target for target in targets if not (docs / target).exists()] == []


def test_the_terminal_shows_every_finding_and_what_is_missed() -> None:
    written = io.StringIO()

    show(Console(file=written, width=200), [MET, MISSED])

    assert "DELETE calls" in written.getvalue()
    assert "Not met: artifact (zipped), 4 (3.5–4.25) and not ≤ 3 MB" in written.getvalue()
    assert "Not met: DELETE calls" not in written.getvalue()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.0412, "0.041"),
        (1.0, "1"),
        (1.1512, "1.151"),
        (52.345, "52.3"),
        (100.0, "100"),
        (1234.5, "1,234"),
    ],
)
def test_a_number_is_as_exact_as_a_target_needs_it(value: float, text: str) -> None:
    assert number(value) == text


def test_figure_of_one_value_has_no_spread() -> None:
    assert figure(Figure.of(2.0, 2.0)) == "2"
    assert figure(Figure.of(2.0, 1.0, 4.0)) == "2 (1–4)"
