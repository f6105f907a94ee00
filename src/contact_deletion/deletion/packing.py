"""Packs contact ids into as few calls as the request target's length allows."""

from collections.abc import Callable, Iterator, Sequence

TARGET_BUDGET = 8_000
"""Characters of path and query. No maximum is documented; 414 was observed beyond about 8,150 characters of ids."""


def packed(
    contact_ids: Sequence[str], budget: int, target_of: Callable[[Sequence[str]], str]
) -> Iterator[tuple[str, ...]]:
    """The ids in their order, in the fewest runs whose targets are within the budget.

    An id whose target alone is beyond the budget stands alone: only SendGrid can say whether it is too long.
    """
    chunk_length = _ids_within(contact_ids, budget, target_of)
    for start in range(0, len(contact_ids), chunk_length):
        yield tuple(contact_ids[start : start + chunk_length])


def _ids_within(contact_ids: Sequence[str], budget: int, target_of: Callable[[Sequence[str]], str]) -> int:
    """How many ids fit: all have the one length of a UUID, so each adds as much as the second."""
    if len(contact_ids) < 2:
        return 1
    one, two = len(target_of(contact_ids[:1])), len(target_of(contact_ids[:2]))
    return max(1, 1 + (budget - one) // (two - one))
