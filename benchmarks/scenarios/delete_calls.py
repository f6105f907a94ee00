"""How many DELETE calls it takes."""

from benchmarks.finding import Figure, Finding, Target
from benchmarks.floor import fewest_calls
from benchmarks.scenarios.no_limit import CONTACTS, PART_OF_A, NoLimit


def finding(runs: NoLimit) -> Finding:
    fewest = fewest_calls(CONTACTS)
    a_calls = runs.part_of_a[0].sendgrid.calls * CONTACTS // PART_OF_A
    return Finding(
        what="DELETE calls",
        work="10,000 one-contact messages, batches of 1,000",
        ours=f"{runs.singles[0].sendgrid.calls}",
        others=f"fewest {fewest}, A {a_calls:,}, B {runs.b[0].sendgrid.calls}",
        measured=Figure(tuple(run.sendgrid.calls / fewest for run in runs.singles)),
        target=Target("≤", 1.05, "× the fewest"),
        remark="the fewest that the URL budget allows",
    )
