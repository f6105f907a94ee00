"""How fast one-contact messages are, where nothing limits them."""

from benchmarks.finding import Figure, Finding, Target
from benchmarks.scenarios.no_limit import PART_OF_A, NoLimit, seconds

_WHAT = "time to the last 202, no limit"
_WORK = "10,000 one-contact messages"


def findings(runs: NoLimit) -> list[Finding]:
    ours, b = seconds(runs.singles), seconds(runs.b)
    a = Figure(runs.a_seconds)
    return [
        Finding(
            what=_WHAT,
            work=_WORK,
            ours=f"{ours.median:.2f} s",
            others=f"A {a.median:.0f} s",
            measured=Figure.ratio(a.values, ours.values),
            target=Target("≥", 50, "× faster than A"),
            remark=f"A's time is extrapolated from {PART_OF_A} of the messages",
        ),
        Finding(
            what=_WHAT,
            work=_WORK,
            ours=f"{ours.median:.2f} s",
            others=f"B {b.median:.2f} s",
            measured=Figure.ratio(b.values, ours.values),
            target=Target("≥", 1, "× as fast as B"),
            remark="B has the contacts as one list, and has no ledger",
        ),
    ]
