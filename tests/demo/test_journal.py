"""What the demo reads from the functions' logs."""

import json
from typing import Any

import pytest

from local.demo.journal import Journal


@pytest.fixture
def journal() -> Journal:
    return Journal()


def lines(*records: dict[str, Any]) -> list[str]:
    return [json.dumps(record) for record in records]


def test_it_counts_each_message_once(journal: Journal) -> None:
    accepted = {"message": "request accepted", "message_id": "a", "replayed": False}
    deferred = {"message": "request deferred", "message_id": "b", "code": "SendGridUnavailable"}

    journal.read(lines(deferred, deferred | {"message_id": "a"}, accepted))
    assert (journal.accepted, journal.replayed, journal.waiting) == ({"a"}, set(), 1)

    journal.read(lines(accepted | {"replayed": True}, {"message": "request rejected", "message_id": "b"}))

    assert (journal.accepted, journal.replayed, journal.rejected) == ({"a"}, {"a"}, {"b"})
    assert journal.waiting == 0


def test_it_reads_each_message_of_a_line_about_several(journal: Journal) -> None:
    several = {"request_count": 2, "message_ids": ["a", "b"]}

    journal.read(lines({"message": "request accepted", "replayed": True} | several))

    assert journal.accepted == journal.replayed == {"a", "b"}


def test_it_leaves_out_what_no_message_asked_for(journal: Journal) -> None:
    journal.read(lines({"message": "request accepted", "request_id": "of-a-workflow", "replayed": False}))

    assert journal.accepted == set()


def test_it_sums_the_waits_for_the_rate_limit_and_passes_over_a_trace(journal: Journal) -> None:
    waits = lines({"RateLimitWait": [1.5, 2.0]}, {"RateLimitWait": [0.5]})
    journal.read(["Traceback (most recent call last):", *waits, ""])
    assert (journal.seconds_waited, journal.lines) == (4.0, 4)
