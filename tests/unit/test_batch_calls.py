from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.notifications.batch_calls import MAX_BYTES, MAX_ENTRIES, batches, not_taken

Entry = dict[str, Any]


def size_of(entry: Entry) -> int:
    size: int = entry["size"]
    return size


def entries(sizes: list[int]) -> list[tuple[int, Entry]]:
    return [(owner, {"size": size}) for owner, size in enumerate(sizes)]


sizes = st.lists(st.integers(0, 2 * MAX_BYTES) | st.integers(0, 100), max_size=50)


@given(sizes)
def test_entries_go_in_their_order_into_as_few_batches_as_the_limits_allow(sizes: list[int]) -> None:
    given_entries = entries(sizes)

    made = list(batches(given_entries, size_of))

    assert [entry for batch in made for entry in batch] == given_entries
    for batch in made:
        assert 1 <= len(batch) <= MAX_ENTRIES
        assert len(batch) == 1 or sum(size_of(entry) for _, entry in batch) <= MAX_BYTES
    for batch, following in pairwise(made):
        together = sum(size_of(entry) for _, entry in [*batch, following[0]])
        assert len(batch) == MAX_ENTRIES or together > MAX_BYTES


def test_entries_of_exactly_the_limit_fit() -> None:
    assert [len(batch) for batch in batches(entries([MAX_BYTES - 1, 1, 1]), size_of)] == [2, 1]


def test_what_was_not_taken_is_returned_with_its_owner_and_the_reason() -> None:
    def call(sent: list[Entry]) -> dict[str, Any]:
        assert [entry["Body"] for entry in sent] == ["one", "two", "three"]
        assert len({entry["Id"] for entry in sent}) == 3
        refused = next(entry["Id"] for entry in sent if entry["Body"] == "two")
        return {"Successful": [], "Failed": [{"Id": refused, "Code": "InternalError"}]}

    batch = [("a", {"Body": "one"}), ("b", {"Body": "two"}), ("c", {"Body": "three"})]

    assert not_taken(batch, call) == [("b", "InternalError")]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "planted"}}, "Send"), "AccessDenied"),
        (EndpointConnectionError(endpoint_url="https://planted.example.com"), "EndpointConnectionError"),
    ],
)
def test_of_a_call_that_fails_nothing_was_taken_and_its_message_is_not_passed_on(
    error: Exception, code: str
) -> None:
    def fail(_: object) -> Any:
        raise error

    assert not_taken([("a", Entry()), ("b", Entry())], fail) == [("a", code), ("b", code)]
