"""Against sums made by hand from the price list."""

from dataclasses import replace

import pytest

from benchmarks.cost import Bill, bill, billed_seconds, queue_requests, rows
from benchmarks.usage import Usage

USAGE = Usage(
    messages=10_000,
    invocations=10,
    cpu_seconds=2.0,
    waiting_seconds=6.0,
    sendgrid_calls=50,
    dynamodb_read_units=10_000,
    dynamodb_write_units=20_000,
    sqs_requests=100,
    status_messages=50,
    log_bytes=4_000_000,
    events=10_000,
)


@pytest.mark.parametrize(("memory_mb", "seconds"), [(1769, 8.0), (3538, 8.0), (884.5, 10.0), (176.9, 26.0)])
def test_work_takes_longer_on_a_share_of_a_core_and_waiting_does_not(memory_mb: int, seconds: float) -> None:
    assert billed_seconds(2.0, 6.0, memory_mb) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("messages", "message_bytes", "requests"),
    [
        (10_000, 55, 3_000),
        (1, 55, 3),
        (10, 39_000, 6 + 6 + 1),  # ten lists are 390,000 bytes, in six parts of 64 KiB
        (10, 6_553, 1 + 1 + 1),
        (10, 6_554, 2 + 2 + 1),
    ],
)
def test_messages_are_sent_received_and_deleted_in_tens_of_64_kilobytes(
    messages: int, message_bytes: int, requests: int
) -> None:
    assert queue_requests(messages, message_bytes) == requests


def test_message_that_the_function_before_has_sent_is_not_paid_for_again() -> None:
    assert queue_requests(10_000, 55, sent_by_another=False) == 2_000


def test_the_services_are_paid_by_what_they_did() -> None:
    found = bill(USAGE, memory_mb=512, message_bytes=55)

    assert found.sqs == pytest.approx(0.124)  # 310,000 requests
    assert found.dynamodb == pytest.approx(1.25 + 0.125)  # 2 M write units, 1 M read units
    assert found.logs == pytest.approx(0.20)  # 0.4 GB
    assert found.events == pytest.approx(1.00)
    assert found.traces == pytest.approx(0.005)  # 1,000 invocations
    assert bill(USAGE, memory_mb=512, message_bytes=55, traced=False).traces == 0
    # 8 s at 1769 MB are 13.82 GB-s; a hundred times that, and a thousand invocations.
    on_a_core = bill(USAGE, memory_mb=1769, message_bytes=100)
    assert on_a_core.lambda_ == pytest.approx(0.018427 + 0.0002, abs=1e-6)


def test_a_bill_is_in_proportion_to_the_usage() -> None:
    double = replace(USAGE, invocations=20, cpu_seconds=4.0, waiting_seconds=12.0)

    one, two = (bill(usage, memory_mb=512, message_bytes=55) for usage in (USAGE, double))

    assert two.lambda_ == pytest.approx(2 * one.lambda_)
    assert two.dynamodb == one.dynamodb


def test_bills_add_up_and_have_a_total() -> None:
    together = Bill(lambda_=1.0, sqs=0.5) + Bill(lambda_=0.25, events=2.0)

    assert together == Bill(lambda_=1.25, sqs=0.5, events=2.0)
    assert together.total == 3.75


def test_the_table_has_a_column_for_each_bill_and_the_total_last() -> None:
    heading, *services = rows({"ours": Bill(lambda_=1.0), "A": Bill(events=2.5)})

    assert heading[1:] == ("ours", "A")
    assert services[-1] == ("total", "1.000", "2.500")
    assert ("Lambda", "1.000", "0.000") in services
