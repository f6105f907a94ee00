"""Counts distinct contact IDs exactly, in constant memory: as sorted runs on disk, which are merged.

Exactly, because a backup that lacks a single contact must not pass. An ID is the 16 bytes of a UUID, so that the 512 MB
of a function's /tmp hold 16 million twice, unsorted and sorted; a file of an export has 500 MB at most, which is some
five million rows.
"""

import heapq
import os
import struct
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from tempfile import TemporaryFile
from typing import IO

ID_BYTES = 16

RUN_IDS = 2**18
"""IDs that are sorted in memory: some 30 MB."""

BLOCK_BYTES = 4096 * ID_BYTES


def write_distinct_ids(ids: Iterator[bytes], file: IO[bytes]) -> int:
    """Write the IDs to a file, in ascending order and each once; return how many those are."""
    count = 0
    with TemporaryFile() as runs:
        merged = merge_distinct_ids(_sorted_runs(ids, runs))
        while block := b"".join(islice(merged, BLOCK_BYTES // ID_BYTES)):
            count += file.write(block) // ID_BYTES
    return count


def merge_distinct_ids(runs: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    """The IDs of several runs, each of which is in ascending order, in that order and each once.

    A run is given in blocks of whole IDs.
    """
    return (contact_id for contact_id, _ in groupby(heapq.merge(*map(_ids, runs))))


def _sorted_runs(ids: Iterator[bytes], file: IO[bytes]) -> list[Iterator[bytes]]:
    """Each run in blocks, which are read from the file when they are needed."""
    runs = []
    end = 0
    while run := sorted(set(islice(ids, RUN_IDS))):
        start, end = end, end + file.write(b"".join(run))
        runs.append(_blocks(file, start, end))
    file.flush()
    return runs


def _blocks(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    for position in range(start, end, BLOCK_BYTES):
        yield os.pread(file.fileno(), min(BLOCK_BYTES, end - position), position)


def _ids(blocks: Iterator[bytes]) -> Iterator[bytes]:
    return (contact_id for block in blocks for (contact_id,) in struct.iter_unpack(f"{ID_BYTES}s", block))
