"""The simulation at length: exit status 1, with the seed, where an invariant does not hold."""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from time import monotonic

from local.simulation.invariants import broken, ends
from local.simulation.simulation import Simulation, Stuck

# Of one simulation. Each begins on its own day, with its own seed.
MESSAGES_EACH = 1_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.simulation", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000, help="how many are sent at least")
    parser.add_argument(
        "--seed",
        type=int,
        default=random.SystemRandom().randrange(10**9),
        help="of the first simulation; those after it have the numbers that follow",
    )
    arguments = parser.parse_args()
    print(f"{arguments.messages:,} messages from seed {arguments.seed}", flush=True)
    began, counts, seed = monotonic(), Counter[str](), arguments.seed
    while counts["messages"] < arguments.messages:
        messages = min(MESSAGES_EACH, arguments.messages - counts["messages"])
        simulation = Simulation(seed)
        try:
            simulation.run(messages)
            found = broken(simulation)
        except Stuck as stuck:
            found = [str(stuck)]
        if found:
            print(*found[:20], sep="\n")
            print(
                f"{len(found)} violations: make soak SOAK='--messages {messages} --seed {seed}' replays them"
            )
            return 1
        _count(simulation, counts)
        seed += 1
    for name, number in counts.items():
        print(f"{name:<58}{number:>12,}")
    seconds = monotonic() - began
    print(
        f"Nothing lost, nothing deleted without a request, no untrue outcome, no leak, in {seconds:.0f} seconds."
    )
    return 0


def _count(simulation: Simulation, counts: Counter[str]) -> None:
    last = Counter(end for found in ends(simulation).values() for end in found)
    letters = {
        name: len(queue.messages)
        for name, queue in simulation.cloud.queues.items()
        if name.endswith("DeadLetterQueue")
    }
    counts["messages"] += len(simulation.sent)
    counts["deliveries"] += simulation.deliveries
    counts["invocations"] += simulation.invocations
    counts["deletions that SendGrid accepted"] += simulation.sendgrid.deletions
    for heading, numbers in {
        "ended": last,
        "dead letters": letters,
        "events": simulation.reports.kinds,
        "reported": simulation.truth.verdicts,
        "killed": simulation.wire.kills,
        "fault": simulation.chance.faults,
        "calls": simulation.wire.calls,
    }.items():
        _add(counts, heading, numbers)


def _add(counts: Counter[str], heading: str, numbers: Mapping[str, int]) -> None:
    names: Iterable[str] = sorted(numbers)
    for name in names:
        counts[f"{heading}: {name}"] += numbers[name]


if __name__ == "__main__":
    sys.exit(main())
