"""`python -m benchmarks`: measures everything and writes docs/benchmarks.md; exits with 1 when a target is missed."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.pretty import pprint

from benchmarks import artifact, bills, cold_start, list_preparation, memory, status_check, throughput, tls
from benchmarks.chart import write_chart
from benchmarks.functions import ROOT
from benchmarks.report import Report, markdown, show

DOCS = ROOT / "docs"

PARTS: Mapping[str, Callable[[], Any]] = {
    "artifact": artifact.findings,
    "cold-start": cold_start.measure,
    "memory": memory.measure,
    "follow-up": status_check.measure,
    "throughput": throughput.measure,
    "lists": list_preparation.findings,
    "tls": tls.findings,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure this part, show it, and write nothing")
    only = parser.parse_args().only
    console = Console()
    if only:
        pprint(PARTS[only](), console=console, expand_all=True)
        return 0
    report = _measured(console)
    show(console, report.findings)
    (DOCS / "benchmarks.md").write_text(markdown(report))
    write_chart(report.seconds_to_last_202, DOCS / "benchmarks.svg")
    console.print(f"docs/benchmarks.md is written, after {report.seconds:.0f} seconds.")
    return 1 if report.missed else 0


def _measured(console: Console) -> Report:
    began = time.monotonic()
    found: dict[str, Any] = {}
    for number, (name, measure) in enumerate(PARTS.items(), 1):
        console.print(f"{number} of {len(PARTS)}: {name}, after {time.monotonic() - began:.0f} seconds")
        found[name] = measure()
    through = found["throughput"]
    cost = bills.bills(through.usage, found["follow-up"].status_checks)
    return Report(
        findings=[
            *through.findings,
            *found["cold-start"].findings,
            *found["memory"].findings,
            *found["follow-up"].findings,
            *bills.findings(cost),
            *found["lists"],
            *found["tls"],
            *found["artifact"],
        ],
        seconds_to_last_202=through.seconds,
        cold_starts=found["cold-start"].functions,
        peaks=found["memory"].peaks,
        profile=through.profile,
        bills=cost,
        measured_on=datetime.now(UTC).date(),
        seconds=time.monotonic() - began,
    )


if __name__ == "__main__":
    sys.exit(main())
