"""What was found: a table for the terminal, and docs/benchmarks.md."""

import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks import cost
from benchmarks.cold_start import ColdStart, milliseconds
from benchmarks.cost import Bill
from benchmarks.finding import Figure, Finding
from benchmarks.memory import Peak

Row = Sequence[str]


@dataclass(frozen=True)
class Report:
    """`profile` has shares of our CPU time, by what they go to; `bills` dollars per million contacts."""

    findings: Sequence[Finding]
    seconds_to_last_202: Mapping[str, float]
    cold_starts: Sequence[ColdStart]
    peaks: Sequence[Peak]
    profile: Sequence[tuple[str, float]]
    bills: Mapping[str, Bill]
    measured_on: date
    seconds: float

    @property
    def missed(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.met]


def show(console: Console, findings: Sequence[Finding]) -> None:
    """The same table in fewer columns, since a terminal is narrow."""
    table = Table("what", "ours, and what it is compared with", "measured", "target", "", show_lines=True)
    for finding in findings:
        what = f"[bold]{escape(finding.what)}[/bold]\n{escape(finding.work)}"
        absolute = "\n".join(filter(None, (finding.ours, finding.others)))
        table.add_row(
            what,
            escape(absolute),
            figure(finding.measured),
            escape(str(finding.target)),
            _mark(finding),
            style=None if finding.met else "red",
        )
    console.print(table)
    for finding in findings:
        if not finding.met:
            console.print(verdict(finding), style="red", markup=False)


def verdict(finding: Finding) -> str:
    """Of a target that is missed."""
    why = f": {finding.remark}" if finding.remark else ""
    return (
        f"Not met: {finding.what} ({finding.work}), {figure(finding.measured)} and not {finding.target}{why}"
    )


def markdown(report: Report) -> str:
    return _TEXT.format(
        verdicts="\n".join(f"- **{verdict(finding)}**" for finding in report.missed)
        or "Every target is met.",
        findings=_markdown_table(_table(report.findings)),
        remarks="\n".join(_remarks(report.findings)),
        machine=f"{os.cpu_count()} cores ({platform.machine()}) with Python {platform.python_version()}",
        python=platform.python_version(),
        date=report.measured_on.isoformat(),
        minutes=f"{report.seconds / 60:.1f}",
        cold_starts=_markdown_table(_cold_starts(report.cold_starts)),
        peaks=_markdown_table([("function", "after", "peak"), *(_peak(peak) for peak in report.peaks)]),
        profile=_markdown_table(
            [("what", "share"), *((what, f"{share:.0%}") for what, share in report.profile)]
        ),
        bills=_markdown_table(cost.rows(report.bills)),
    )


def _remarks(findings: Sequence[Finding]) -> Iterator[str]:
    """Each once; those of missed targets stand above."""
    for remark in dict.fromkeys(finding.remark for finding in findings if finding.met and finding.remark):
        about = dict.fromkeys(finding.what for finding in findings if finding.remark == remark)
        yield f"- {', '.join(about)}: {remark.rstrip('.')}."


def figure(measured: Figure) -> str:
    """The median, and the spread where there were several runs."""
    if measured.least == measured.most:
        return number(measured.median)
    return f"{number(measured.median)} ({number(measured.least)}–{number(measured.most)})"


def number(value: float) -> str:
    """As exact as it needs to be beside a target."""
    digits = 3 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"


def _table(findings: Sequence[Finding]) -> list[Row]:
    return [
        ("what", "work", "ours", "compared with", "measured", "target", "met"),
        *(
            (
                finding.what,
                finding.work,
                finding.ours,
                finding.others or "–",
                figure(finding.measured),
                str(finding.target),
                _mark(finding),
            )
            for finding in findings
        ),
    ]


def _mark(finding: Finding) -> str:
    return "✓" if finding.met else "✗"


def _cold_starts(functions: Sequence[ColdStart]) -> list[Row]:
    return [
        ("function", "own modules", "CPU", "imports alone, CPU", "ratio", "wall clock"),
        *(
            (
                function.function,
                str(len(function.imports.own_modules)),
                milliseconds(function.ours),
                milliseconds(function.reference),
                figure(function.ratio),
                milliseconds([function.wall_seconds]),
            )
            for function in functions
        ),
    ]


def _peak(peak: Peak) -> Row:
    return (peak.function, peak.after, f"{figure(peak.mb)} MB")


def _markdown_table(rows: Sequence[Row]) -> str:
    heading, *others = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    rule = "|".join("---" for _ in rows[0])
    return "\n".join([f"| {heading} |", f"|{rule}|", *(f"| {row} |" for row in others)])


_TEXT = """\
<!-- This file is written by `make bench`: change benchmarks/ instead. -->
# Benchmarks

    make bench

measures what follows (on Linux only), prints the table and writes this file with its chart; it exits with 1 when a
target is missed. The last time was {date}, on {machine}, and took {minutes} minutes.

A figure is the median of several runs, with the minimum and the maximum in parentheses. A count, which is the same
each time, has none. The runs of the contenders take turns, so that other load on the machine affects all alike.
**Believe the ratios and the counts; absolute times are this machine's.**

{verdicts}

{findings}

How it was measured, where the table does not say it:

{remarks}

![Time until SendGrid has accepted the deletion of 10,000 contacts](benchmarks.svg)

## What is compared

- **ours**: the function's entry point in a process of its own under Lambda's runtime client, with its environment
  variables, given events as Lambda makes them. *Singles* are messages of one contact each, *lists* messages of 1,000.
- **A, Powertools as its documentation shows it**: `process_partial_response` with an `@idempotent_function` record
  handler that makes one DELETE per message.
- **B, the official client**: a loop with `sendgrid` over chunks of 100 ids, one after the other, with a retry on 429
  that waits for the reset. It has no ledger, and does not track its jobs.

## What stands in for what

| in production | here | therefore not measured |
|---|---|---|
| SendGrid | this repository's double on loopback, that responds after 50 ms | its varying times; TLS but for one row |
| DynamoDB, SQS, Secrets Manager, EventBridge | a server on loopback: 5 ms, one time in twenty 10 | TLS, throttling |
| Lambda | one process after the other | its CPU; the start of its micro-VM |
| its Python 3.13 | Python {python} | what the newer one does faster |
| Lambda's poller of SQS | batches cut as it cuts them, one after the other | how fast it fills batches |

## Cold starts

Init of each function: a fresh process from the built artifact, until the runtime client requests the first event. The
artifact is read-only, so modules without bytecode are compiled each time, as in Lambda. `sam build` adds the bytecode
where it finds the runtime's Python 3.13; here it is of use if the benchmarks run on that as well.

It is compared with a file that only imports what the function's own modules import from boto3, botocore, requests and
Powertools. The two start together on one core and take turns every few milliseconds. The target applies to the CPU
time of each, because consecutive runs differ by more than that. The wall clock is that of one start alone. It does not
include the first event, in which a function makes its clients.

{cold_starts}

## Memory

The most memory that a fresh process with the function's entry point ever had resident, the runtime client's own
included:

{peaks}

## Where our CPU time goes

Of batches of one-contact messages, everything but waiting for the network:

{profile}

## Cost

AWS list prices in us-east-1 on arm64 ([prices.py](../benchmarks/prices.py) has them, with their source), without free
tier, from the usage measured here:

{bills}

- A function with M MB has M/1769 of a vCPU, so it is billed for its waiting and for its CPU time ÷ (M/1769). A core
  of this machine counts as one of Lambda's. A gets the memory at which it costs least.
- A tracks no jobs and reports no outcomes: compare it with deletion alone. The follow-up requests the status of each
  job once, half a minute after it was accepted. The parameter `OutcomeEvents` decides whether it also puts an event
  for each request (`each`) or only for those that did not complete (`failures`), of which there are none here.
- Every invocation of ours counts as traced by X-Ray, which is the most; A is not traced.
- SQS counts messages sent, received and deleted in tens, 64 KB at a time.
- Not included: costs that do not grow with contacts (empty receives, custom metrics, alarms, the secret and its rare
  reads), and the storage of logs and of the ledger, which depends on the retention.
"""
