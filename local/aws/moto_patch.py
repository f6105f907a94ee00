"""Replaces parts of moto, of the line of versions that was read for it."""

from collections.abc import Iterable
from typing import Any

import moto

_WRITTEN_FOR = "5.2."


def replace(replacements: Iterable[tuple[Any, str, Any]]) -> None:
    """Sets attributes, given as owner, name and value.

    Raises RuntimeError for another line of moto, or one that has nothing of that name.
    """
    if not moto.__version__.startswith(_WRITTEN_FOR):
        raise RuntimeError(
            f"written for moto {_WRITTEN_FOR}x, not {moto.__version__}: compare with what is replaced"
        )
    for owner, name, replacement in replacements:
        if not hasattr(owner, name):
            raise RuntimeError(f"moto has no {owner.__name__}.{name} to replace")
        setattr(owner, name, replacement)
