"""Merges the sorted runs of a list into batches: exact, in constant memory, each contact once."""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from contact_deletion.backup.distinct_ids import merge_distinct_ids
from contact_deletion.contact_list.content import CHUNK_BYTES
from contact_deletion.contact_list.folder import Folder, ids_name, rejected_name

BATCHES = "batches.jsonl"
REJECTED = "rejected.jsonl"

SAMPLE_SIZE = 100

# Of each run, a block is in memory: 4 MB at most, and 128 MB of all runs. A request for a block takes some 30 ms.
MAX_BLOCK_IDS = 2**18
MAX_IDS_IN_MEMORY = 2**23


class Batches:
    """The batches that were written: their contacts, and a sample of those, evenly distributed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._sampled: list[str] = []
        self._stride = 1
        self.contacts = 0

    def write(self, folder: Folder, runs: Sequence[int], rejected_files: int) -> None:
        """Writes a line for each batch, in the order of the IDs, and joins the files of rejected rows."""
        folder.put_lines(BATCHES, self._lines(merged(folder, ids_name, runs)))
        chunks = (folder.chunks(rejected_name(file), CHUNK_BYTES) for file in range(rejected_files))
        folder.put_lines(REJECTED, chain.from_iterable(chunks))

    @property
    def sample(self) -> list[str]:
        size = min(SAMPLE_SIZE, len(self._sampled))
        return [self._sampled[index * len(self._sampled) // size] for index in range(size)]

    def _lines(self, ids: Iterator[bytes]) -> Iterator[bytes]:
        while batch := [_uuid(contact_id.hex()) for contact_id in islice(ids, self._size)]:
            self._sampled += batch[-self.contacts % self._stride :: self._stride]
            while len(self._sampled) > 2 * SAMPLE_SIZE:
                self._sampled = self._sampled[::2]
                self._stride *= 2
            self.contacts += len(batch)
            yield json.dumps({"contact_ids": batch}).encode() + b"\n"


def merged(folder: Folder, name_of: Callable[[int], str], runs: Sequence[int]) -> Iterator[bytes]:
    """What is in the sorted files of these numbers, each once."""
    block = min(MAX_BLOCK_IDS, MAX_IDS_IN_MEMORY // max(1, len(runs)))
    return merge_distinct_ids(folder.ids(name_of(run), count, block) for run, count in enumerate(runs))


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
