"""What a one-contact message takes of the CPU."""

from benchmarks.finding import Figure, Finding, Target
from benchmarks.scenarios.no_limit import CONTACTS, PART_OF_A, NoLimit


def finding(runs: NoLimit) -> Finding:
    ours = Figure(tuple(1_000 * run.cpu_seconds / CONTACTS for run in runs.singles))
    a = Figure(tuple(1_000 * run.cpu_seconds / PART_OF_A for run in runs.part_of_a))
    return Finding(
        what="CPU time of our own",
        work="per one-contact message",
        ours=f"{ours.median:.2f} ms",
        others=f"A {a.median:.2f} ms",
        measured=Figure.ratio(a.values, ours.values),
        target=Target("≥", 36, "× less than A"),
        remark="the CPU clock of the whole process, the runtime client included; "
        "half of ours is botocore's work for the calls to DynamoDB",
    )
