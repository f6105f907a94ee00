from itertools import pairwise
from typing import Any

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
def test_every_entry_is_in_one_batch_in_its_order(sizes: list[int]) -> None:
    given_entries = entries(sizes)
    assert [entry for batch in batches(given_entries, size_of) for entry in batch] == given_entries


@given(sizes)
def test_a_batch_is_within_the_limits_unless_a_single_entry_is_not(sizes: list[int]) -> None:
    for batch in batches(entries(sizes), size_of):
        assert 1 <= len(batch) <= MAX_ENTRIES
        assert len(batch) == 1 or sum(size_of(entry) for _, entry in batch) <= MAX_BYTES


@given(sizes)
def test_no_batch_could_have_taken_the_next_ones_first_entry(sizes: list[int]) -> None:
    made = list(batches(entries(sizes), size_of))
    for batch, following in pairwise(made):
        together = sum(size_of(entry) for _, entry in [*batch, following[0]])
        assert len(batch) == MAX_ENTRIES or together > MAX_BYTES


def test_entries_of_exactly_the_limit_fit() -> None:
    assert [len(batch) for batch in batches(entries([MAX_BYTES - 1, 1, 1]), size_of)] == [2, 1]


def test_what_was_not_taken_is_told_with_its_owner_and_why() -> None:
    def call(sent: list[Entry]) -> dict[str, Any]:
        assert [entry["Body"] for entry in sent] == ["one", "two", "three"]
        assert len({entry["Id"] for entry in sent}) == 3
        refused = next(entry["Id"] for entry in sent if entry["Body"] == "two")
        return {"Successful": [], "Failed": [{"Id": refused, "Code": "InternalError"}]}

    batch = [("a", {"Body": "one"}), ("b", {"Body": "two"}), ("c", {"Body": "three"})]

    assert not_taken(batch, call) == [("b", "InternalError")]


def test_an_answer_that_names_no_failure_took_everything() -> None:
    assert not_taken([("a", {})], lambda _: {"Successful": []}) == []


def test_of_a_call_that_fails_nothing_was_taken_and_its_message_is_not_passed_on() -> None:
    def refuse(_: object) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "planted"}}, "SendMessageBatch")

    def break_off(_: object) -> Any:
        raise EndpointConnectionError(endpoint_url="https://planted.example.com")

    batch: list[tuple[str, Entry]] = [("a", {}), ("b", {})]

    assert not_taken(batch, refuse) == [("a", "AccessDenied"), ("b", "AccessDenied")]
    assert not_taken(batch, break_off) == [("a", "EndpointConnectionError"), ("b", "EndpointConnectionError")]
