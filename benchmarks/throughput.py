"""How fast it is, how many calls it makes and what it takes of CPU and of the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.finding import Finding
from benchmarks.run import Run, stand_ins
from benchmarks.scenarios import (
    cpu,
    delete_calls,
    duplicates,
    dynamodb,
    identifiers,
    large_account,
    lists,
    no_limit,
    profile,
    rate_limited,
    singles,
)
from benchmarks.scenarios.no_limit import CONTACTS, LIST_LENGTH, PART_OF_A, NoLimit
from benchmarks.usage import Usage


@dataclass(frozen=True)
class Throughput:
    """`usage` is that of "singles", "lists" and "A"; `profile` has the shares of a one-contact message's CPU time;
    `seconds` are those of 10,000 contacts without a rate limit.
    """

    findings: list[Finding]
    usage: dict[str, Usage]
    profile: list[tuple[str, float]]
    seconds: dict[str, float]


def measure() -> Throughput:
    with stand_ins() as world:
        unlimited = no_limit.measure(world)
        limited = rate_limited.measure(world)
        by_identifiers = identifiers.measure(world)
        of_duplicates = duplicates.findings(world)
        of_a_large_account = large_account.findings(limited, world.aws)
        shares = profile.shares(world)
    return Throughput(
        findings=[
            delete_calls.finding(unlimited),
            *rate_limited.findings(limited),
            *identifiers.findings(by_identifiers),
            lists.finding(unlimited),
            *singles.findings(unlimited),
            *of_a_large_account,
            cpu.finding(unlimited),
            *dynamodb.findings(unlimited),
            *of_duplicates,
        ],
        usage=_usage(unlimited),
        profile=shares,
        seconds={
            "A": median(unlimited.a_seconds),
            "B": no_limit.seconds(unlimited.b).median,
            "ours, singles": no_limit.seconds(unlimited.singles).median,
            "ours, lists": no_limit.seconds(unlimited.lists).median,
        },
    )


def _usage(runs: NoLimit) -> dict[str, Usage]:
    """Of the run in the middle. A gets the same batches of messages as ours."""
    ours, in_lists, part_of_a = map(_middle, (runs.singles, runs.lists, runs.part_of_a))
    return {
        "singles": Usage.of(ours, messages=CONTACTS, contacts=CONTACTS, invocations=ours.invocations),
        "lists": Usage.of(
            in_lists, messages=CONTACTS // LIST_LENGTH, contacts=CONTACTS, invocations=in_lists.invocations
        ),
        "A": Usage.of(part_of_a, messages=CONTACTS, contacts=PART_OF_A, invocations=ours.invocations),
    }


def _middle(runs: Sequence[Run]) -> Run:
    return sorted(runs, key=lambda run: run.cpu_seconds)[len(runs) // 2]
