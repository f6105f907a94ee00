"""Packs contact IDs into as few calls as the length of a request target allows."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contact_deletion.deadline import Clock

if TYPE_CHECKING:
    from contact_deletion.errors import Failure


# Characters of path and query. No maximum is documented; 414 was observed beyond about 8,150 characters of ids.
TARGET_BUDGET = 8_000

REDUCED_SECONDS = 60 * 60.0


class TargetBudget:
    """How many characters a request target may have. It lives as long as the execution environment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reduced = TARGET_BUDGET
        self._reduced_until = -math.inf

    @property
    def characters(self) -> int:
        """The usual budget, or a reduced one for an hour after a refusal."""
        return self._reduced if self._clock() < self._reduced_until else TARGET_BUDGET

    def refused(self, length: int) -> None:
        """Reduces the budget, because SendGrid found a target of this length too long.

        A target that is short for the budget was refused for something else, and a target that is longer than the
        budget was sent before a reduction: neither says anything.
        """
        if self.characters < 2 * length <= 2 * self.characters:
            self._reduced = length // 2
            self._reduced_until = self._clock() + REDUCED_SECONDS


def packed(
    contact_ids: Sequence[str], budget: int, target_of: Callable[[Sequence[str]], str]
) -> Iterator[tuple[str, ...]]:
    """The ids in their order, in the fewest runs whose targets are within the budget.

    An id whose target alone is beyond the budget stands alone: only SendGrid can say whether it is too long.
    """
    yield from runs(contact_ids, ids_within(contact_ids, budget, target_of))


def runs(contact_ids: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    """The ids in their order, so many at a time."""
    for start in range(0, len(contact_ids), length):
        yield tuple(contact_ids[start : start + length])


def ids_within(contact_ids: Sequence[str], budget: int, target_of: Callable[[Sequence[str]], str]) -> int:
    """How many ids fit: all have the one length of a UUID, so each adds as much as the second."""
    if len(contact_ids) < 2:
        return 1
    one, two = len(target_of(contact_ids[:1])), len(target_of(contact_ids[:2]))
    return max(1, 1 + (budget - one) // (two - one))


@dataclass(frozen=True)
class DeletionCall:
    """A call that deletes contacts, by their IDs. A part of a divided call has the `failure` of the whole."""

    ids: tuple[str, ...]
    failure: "Failure | None" = None

    def halves(self, failure: "Failure | None" = None) -> Iterator["DeletionCall"]:
        return self._parts((len(self.ids) + 1) // 2, failure)

    def refused_parts(self, refused: "Failure") -> Iterator["DeletionCall"]:
        """About as many parts as each has IDs: one bad ID among 204 costs 3 more refusals, by halving 7."""
        return self._parts(math.isqrt(len(self.ids)), refused)

    def _parts(self, length: int, failure: "Failure | None") -> Iterator["DeletionCall"]:
        return (DeletionCall(ids, failure) for ids in runs(self.ids, length))
