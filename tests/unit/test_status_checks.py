"""What holds for the messages that have jobs followed, whatever was accepted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contact_deletion.deliveries import Delivery, QueueMessage, deliveries
from contact_deletion.notifications.batch_calls import MAX_BYTES
from contact_deletion.notifications.status_checks import StatusCheckQueue
from contact_deletion.outcomes import Accepted
from contact_deletion.requests.bulk_deletion import BulkDelete
from contact_deletion.requests.status_check import StatusCheck, TrackedRequest, parse
from tests.support.events import contact_id, sqs_event
from tests.unit import strategies

NOW = 1_795_291_200.25


class Queue:
    """Takes every message."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        assert QueueUrl == "queue-url"
        self.calls.append([entry["MessageBody"] for entry in Entries])
        return {"Successful": []}

    @property
    def bodies(self) -> list[str]:
        return [body for call in self.calls for body in call]


def sent(accepted: list[Delivery]) -> Queue:
    queue = Queue()
    with ThreadPoolExecutor(1) as threads:
        messages = StatusCheckQueue(cast(Any, queue), "queue-url", "bulk_delete", threads)
        assert messages.send(accepted, NOW) == []
    return queue


def parsed(body: str) -> StatusCheck:
    """As DeletionStatusFunction reads it."""
    (delivery,) = deliveries(sqs_event(body, queue="DeletionStatusQueue"))
    return parse(delivery.payload)


def accepted(number: int, job_ids: tuple[str, ...], contacts: int = 1, **more: Any) -> Delivery:
    request = BulkDelete(tuple(contact_id(n) for n in range(contacts)), **more)
    message = QueueMessage(f"message-{number}", "", "", 1, "", {})
    outcome = Accepted(job_ids, len(request.contact_ids))
    return Delivery(None, message, request.request_id, request.task_token, request, outcome)


def tracked(delivery: Delivery) -> TrackedRequest:
    assert isinstance(delivery.request, BulkDelete)
    assert delivery.message
    return TrackedRequest(
        "bulk_delete",
        delivery.request_id,
        delivery.message.message_id,
        len(delivery.request.contact_ids),
        delivery.request.contact_ids,
        delivery.task_token,
    )


requests = st.builds(
    accepted,
    st.integers(0, 9),
    st.sampled_from([("job-1",), ("job-2",), ("job-1", "job-2"), ("job-2", "job-1"), ("x" * 128,)]),
    contacts=st.integers(1, 30) | st.sampled_from([1, 1_000, 6_000, 10_000]),
    request_id=st.none() | st.from_regex("[A-Za-z0-9_.:-]{1,128}", fullmatch=True),
    task_token=st.none() | st.from_regex("[!-~]{1,40}", fullmatch=True) | st.just('"\\' * 1024),
)


@settings(max_examples=25)
@given(st.lists(requests, max_size=12))
def test_what_is_sent_reads_back_as_the_requests_that_were_accepted_and_is_within_the_limit(
    all_accepted: list[Delivery],
) -> None:
    queue = sent(all_accepted)

    status_checks = [parsed(body) for body in queue.bodies]
    read_back = [
        (status_check.job_ids, request) for status_check in status_checks for request in status_check.requests
    ]
    wanted = [(each.outcome.job_ids, tracked(each)) for each in all_accepted]
    assert sorted(read_back, key=repr) == sorted(wanted, key=repr)
    assert {status_check.accepted_at for status_check in status_checks} <= {NOW}
    for body, status_check in zip(queue.bodies, status_checks, strict=True):
        assert len(body.encode()) <= MAX_BYTES or len(status_check.requests) == 1
    for call in queue.calls:
        assert len(call) <= 10
        assert len(call) == 1 or sum(len(body.encode()) for body in call) <= MAX_BYTES


@given(st.lists(st.sampled_from([("job-1",), ("job-2",), ("job-1", "job-2")]), max_size=40))
def test_there_is_a_message_for_each_set_of_jobs_and_no_more(job_ids: list[tuple[str, ...]]) -> None:
    queue = sent([accepted(number, jobs) for number, jobs in enumerate(job_ids)])
    assert sorted(parsed(body).job_ids for body in queue.bodies) == sorted(set(job_ids))


@pytest.mark.parametrize("token_length", [1, 700, 2048])
def test_requests_of_the_same_jobs_fill_their_messages(token_length: int) -> None:
    queue = sent([accepted(n, ("job-1",), task_token="t" * token_length) for n in range(1_000)])
    entry = len(queue.bodies[0]) / len(parsed(queue.bodies[0]).requests)
    assert all(len(body) > MAX_BYTES - 2 * entry for body in queue.bodies[:-1])


@given(strategies.any_text, strategies.any_text)
def test_a_request_that_is_no_bulk_deletion_is_reported_without_its_content(value: str, other: str) -> None:
    class Removal:
        request_id = None
        task_token = None
        identifier_value = "planted" + value + other

    delivery = Delivery(None, request=Removal(), outcome=Accepted(("job-1",), 1))

    (body,) = sent([delivery]).bodies

    assert "planted" not in body
    assert parsed(body).requests == (TrackedRequest("bulk_delete", contact_count=1),)
