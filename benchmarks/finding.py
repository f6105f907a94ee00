"""What a benchmark found: figures of several runs, held to a target."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """The values that runs of one thing gave; for what is counted, and is the same in every run, a single one."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, *values: float) -> "Figure":
        return cls(values)

    @classmethod
    def ratio(cls, ours: Sequence[float], theirs: Sequence[float]) -> "Figure":
        """Run by run, so that what disturbs the machine for a while disturbs both."""
        return cls(tuple(one / other for one, other in zip(ours, theirs, strict=True)))

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)


@dataclass(frozen=True)
class Target:
    """`of` is what the number means: "× the floor", "MB"."""

    bound: Literal["≤", "≥"]
    limit: float
    of: str

    def met(self, value: float) -> bool:
        return value <= self.limit if self.bound == "≤" else value >= self.limit

    def __str__(self) -> str:
        return f"{self.bound} {self.limit:g} {self.of}"


@dataclass(frozen=True)
class Finding:
    """One row of the table.

    `ours` and `others` are absolute figures for people, `measured` is what is held to the target, mostly a ratio;
    `remark` says how it was measured, or why a target is not met.
    """

    what: str
    work: str
    ours: str
    others: str
    measured: Figure
    target: Target
    remark: str = ""

    @property
    def met(self) -> bool:
        return self.target.met(self.measured.median)
