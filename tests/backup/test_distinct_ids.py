"""The count of distinct contact IDs, in constant memory."""

import tracemalloc
from collections.abc import Iterator
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.backup import distinct_ids
from contact_deletion.backup.distinct_ids import ID_BYTES, merge_distinct_ids, write_distinct_ids

few_ids = st.integers(0, 40).map(lambda number: number.to_bytes(ID_BYTES))


@pytest.fixture(autouse=True, scope="module")
def small_runs() -> Iterator[None]:
    """So that a test has many of them, and blocks of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distinct_ids, "RUN_IDS", 1000)
        patch.setattr(distinct_ids, "BLOCK_BYTES", 10 * ID_BYTES)
        yield


def written(ids: list[bytes]) -> list[bytes]:
    with TemporaryFile() as file:
        count = write_distinct_ids(iter(ids), file)
        file.seek(0)
        content = file.read()
    assert len(content) == count * ID_BYTES
    return [content[start : start + ID_BYTES] for start in range(0, len(content), ID_BYTES)]


@given(st.lists(few_ids))
def test_ids_are_written_in_order_and_each_once(ids: list[bytes]) -> None:
    assert written(ids) == sorted(set(ids))


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000, 2501])
def test_however_many_runs_and_blocks_there_are(count: int) -> None:
    ids = [(number * 7919 % count).to_bytes(ID_BYTES) for number in range(count)] * 3

    assert written(ids) == sorted(set(ids))


@given(st.lists(st.lists(few_ids, unique=True).map(sorted), max_size=5), st.integers(1, 5))
def test_an_id_of_several_runs_is_merged_into_one(runs: list[list[bytes]], block: int) -> None:
    blocks = [[b"".join(run[start : start + block]) for start in range(0, len(run), block)] for run in runs]

    assert list(merge_distinct_ids(map(iter, blocks))) == sorted({each for run in runs for each in run})


def test_memory_does_not_grow_with_the_number_of_ids() -> None:
    ids = (((number * 2654435761) % 2**32).to_bytes(ID_BYTES) for number in range(50_000))
    with TemporaryFile() as file:
        tracemalloc.start()
        try:
            count = write_distinct_ids(ids, file)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert count == 50_000
    assert peak < count * ID_BYTES / 2
