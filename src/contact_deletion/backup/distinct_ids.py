"""Counts distinct contact IDs exactly, in constant memory: sorts runs of them on disk, and merges the runs.

The count is exact because a backup that lacks a single contact must not pass. An ID is the 16 bytes of a UUID. The 512
MB of a function's /tmp have room for 16 million IDs twice, in runs and merged. A file of an export has 500 MB at most,
which is about five million rows.
"""

import heapq
import os
import struct
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from tempfile import TemporaryFile
from typing import IO

ID_BYTES = 16

# The number of IDs that are sorted in memory, which take about 30 MB.
RUN_IDS = 2**18

BLOCK_BYTES = 4096 * ID_BYTES


def write_distinct_ids(ids: Iterator[bytes], file: IO[bytes]) -> int:
    """Writes the distinct IDs to a file, in ascending order. Returns their number."""
    count = 0
    with TemporaryFile() as runs:
        merged = merge_distinct_ids(_sorted_runs(ids, runs))
        while block := b"".join(islice(merged, BLOCK_BYTES // ID_BYTES)):
            count += file.write(block) // ID_BYTES
    return count


def merge_distinct_ids(runs: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    """Merges the distinct IDs of several runs in ascending order. Each run is in that order, in blocks of whole IDs."""
    return (contact_id for contact_id, _ in groupby(heapq.merge(*map(_ids, runs))))


def _sorted_runs(ids: Iterator[bytes], file: IO[bytes]) -> list[Iterator[bytes]]:
    """Returns each run as its blocks, which are read from the file when they are needed."""
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
