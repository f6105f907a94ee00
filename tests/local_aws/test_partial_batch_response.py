from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.aws.partial_batch_response import failed_messages

BATCH = {"a", "b", "c"}


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_no_response_or_an_empty_one_means_that_all_succeeded(response: Any) -> None:
    assert failed_messages(response, BATCH) == set()


@given(failed=st.sets(st.sampled_from(sorted(BATCH))))
def test_the_listed_messages_failed_and_no_others(failed: set[str]) -> None:
    response = {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    assert failed_messages(response, BATCH) == failed


@pytest.mark.parametrize(
    "response",
    [
        "done",
        ["a"],
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"itemIdentifier": ["a"]}]},
        {"batchItemFailures": [{"itemIdentifier": "a"}, {"messageId": "b"}]},
        {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "of another batch"}]},
    ],
)
def test_a_malformed_response_means_that_the_whole_batch_failed(response: Any) -> None:
    assert failed_messages(response, BATCH) == BATCH
