import json
from itertools import pairwise

import pytest

from benchmarks.workload import BATCH_SIZE, Event, batches, contact_ids, identifier_messages, messages
from contact_deletion.deliveries import deliveries
from contact_deletion.requests.bulk_deletion import parse

SIX_MEGABYTES = 6 * 1024 * 1024


def ids_of(events: list[Event]) -> list[str]:
    return [
        contact_id
        for event in events
        for delivery in deliveries(event)
        for contact_id in parse(delivery.payload).contact_ids
    ]


@pytest.mark.parametrize(("contacts", "of", "lengths"), [(2_500, 1, [1_000, 1_000, 500]), (50, 10, [5])])
def test_a_batch_has_as_many_messages_as_its_size_allows(contacts: int, of: int, lengths: list[int]) -> None:
    events = list(batches(messages(contact_ids(contacts), of)))

    assert [len(event["Records"]) for event in events] == lengths
    assert ids_of(events) == contact_ids(contacts)


def test_a_batch_is_within_what_an_invocation_may_be_given() -> None:
    events = list(batches(messages(contact_ids(200_000), of=1_000)))

    assert ids_of(events) == contact_ids(200_000)
    for event, following in pairwise(events):
        length = len(json.dumps(event))
        assert len(event["Records"]) < BATCH_SIZE
        assert length <= SIX_MEGABYTES < length + len(json.dumps(following["Records"][0]))


def test_the_work_is_the_same_each_time() -> None:
    assert contact_ids(100) == contact_ids(100)
    assert len(set(contact_ids(10_000))) == 10_000


def test_a_message_by_identifier_is_valid_and_names_one() -> None:
    addresses = ["a@example.com", "b@example.com"]
    (batch,) = batches(identifier_messages(addresses))
    requests = [parse(delivery.payload).identifiers for delivery in deliveries(batch)]
    assert [request.values for request in requests if request] == [(address,) for address in addresses]


def test_no_two_messages_are_taken_for_each_other() -> None:
    records = messages(contact_ids(1_000))

    assert len({record["messageId"] for record in records}) == 1_000
    assert len({record["receiptHandle"] for record in records}) == 1_000
