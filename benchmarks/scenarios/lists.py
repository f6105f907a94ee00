"""How fast lists are, where nothing limits them."""

from benchmarks.finding import Figure, Finding, Target
from benchmarks.scenarios.no_limit import NoLimit, seconds


def finding(runs: NoLimit) -> Finding:
    ours, b = seconds(runs.lists), seconds(runs.b)
    return Finding(
        what="time to the last 202, no limit",
        work="10,000 contacts in 10 messages of 1,000 ids",
        ours=f"{ours.median:.2f} s",
        others=f"B {b.median:.2f} s",
        measured=Figure.ratio(b.values, ours.values),
        target=Target("≥", 5, "× faster than B"),
    )
