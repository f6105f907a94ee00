"""Looking for something in a document, however deep it is."""

from collections.abc import Iterator
from typing import Any


def within(tree: Any, name: str, value: str) -> Iterator[Any]:
    """The objects in which `name` is `value`, those inside of one another too."""
    if isinstance(tree, list):
        for branch in tree:
            yield from within(branch, name, value)
    elif isinstance(tree, dict):
        if tree.get(name) == value:
            yield tree
        for branch in tree.values():
            yield from within(branch, name, value)
