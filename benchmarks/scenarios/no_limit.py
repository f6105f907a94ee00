"""The runs without a rate limit, from which several figures come: 10,000 contacts, all in turn, and again."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.contenders import OURS, A, B
from benchmarks.finding import Figure
from benchmarks.run import Run, StandIns, run
from benchmarks.workload import batches, contact_ids, messages

CONTACTS = 10_000
LIST_LENGTH = 1_000
# A is given so many of the messages; all would take it minutes.
PART_OF_A = 60

ROUNDS = 3


@dataclass(frozen=True)
class NoLimit:
    """Of each contender a run in every round."""

    singles: tuple[Run, ...]
    lists: tuple[Run, ...]
    part_of_a: tuple[Run, ...]
    b: tuple[Run, ...]

    @property
    def a_seconds(self) -> tuple[float, ...]:
        """A's time for all contacts: each message waits for the one before."""
        return tuple(run.seconds * CONTACTS / PART_OF_A for run in self.part_of_a)


def measure(world: StandIns) -> NoLimit:
    rounds = [_round(world) for _ in range(ROUNDS)]
    return NoLimit(*zip(*rounds, strict=True))


def _round(world: StandIns) -> tuple[Run, Run, Run, Run]:
    ids = contact_ids(CONTACTS)
    return (
        run(OURS, list(batches(messages(ids))), CONTACTS, world),
        run(OURS, list(batches(messages(ids, LIST_LENGTH))), CONTACTS, world),
        run(A, list(batches(messages(ids[:PART_OF_A]))), PART_OF_A, world),
        run(B, [{"contact_ids": ids}], CONTACTS, world),
    )


def seconds(runs: Sequence[Run]) -> Figure:
    return Figure(tuple(run.seconds for run in runs))
