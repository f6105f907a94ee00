"""What a one-contact message takes of DynamoDB."""

from collections.abc import Callable

from benchmarks.aws_responses import AwsUsage
from benchmarks.finding import Figure, Finding, Target
from benchmarks.scenarios.no_limit import CONTACTS, PART_OF_A, NoLimit


def findings(runs: NoLimit) -> list[Finding]:
    return [
        _finding(runs, "DynamoDB requests", AwsUsage.dynamodb_requests, Target("≤", 0.06, "requests")),
        _finding(
            runs, "DynamoDB write units", lambda usage: usage.write_units, Target("≤", 1, "write units")
        ),
    ]


def _finding(runs: NoLimit, what: str, count: Callable[[AwsUsage], float], target: Target) -> Finding:
    ours = Figure(tuple(count(run.aws) / CONTACTS for run in runs.singles))
    a = Figure(tuple(count(run.aws) / PART_OF_A for run in runs.part_of_a))
    return Finding(
        what=what,
        work="per one-contact message",
        ours=f"{ours.median:g}",
        others=f"A {a.median:g}",
        measured=ours,
        target=target,
    )
