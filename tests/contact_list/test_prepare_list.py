"""The preparation of a list, through its handler."""

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from contact_deletion.contact_list import preparation, reading
from contact_deletion.errors import (
    BucketUnavailable,
    InvalidRequest,
    ListUnreadable,
    SendGridUnavailable,
)
from local.sendgrid_double import Fault
from tests.contact_list.support import FOLDER, LIST, PreparedLists
from tests.support.buckets import FailingS3
from tests.support.events import contact_id

LOOKUP = "/v3/marketing/contacts/batch"


def csv_of(count: int) -> str:
    return "contact_id\n" + "".join(f"{contact_id(number)}\n" for number in range(count))


def test_the_plan_accounts_for_every_row(lists: PreparedLists) -> None:
    there = [lists.world.new_contact() for _ in range(3)]
    lists.put("\n".join(["contact_id", *there, "", "x", contact_id(1), there[0].upper(), "jane@example.com"]))

    response = lists.invoke()

    assert response == {
        "status": "prepared",
        "plan": {
            "rows": 7,
            "contacts": 4,
            "duplicates": 1,
            "rejected_rows": 2,
            "not_found": 0,
            "alternate_email_matches": 0,
            "calls": 1,
            "minutes": 1,
            "sample_size": 4,
            "sample_existing": 3,
        },
        "batches_key": f"results/{FOLDER}/batches.jsonl",
        "rejected_key": f"results/{FOLDER}/rejected.jsonl",
    }
    assert lists.lines("batches.jsonl") == [{"contact_ids": sorted([*there, contact_id(1)])}]
    assert lists.lines("rejected.jsonl") == [
        {"row": 6, "reason": "not a valid contact ID"},
        {"row": 9, "reason": "not a valid contact ID"},
    ]
    plan = lists.bucket.s3.get_object(Bucket=lists.bucket.name, Key=f"results/{FOLDER}/plan.json")
    assert json.loads(plan["Body"].read()) == response["plan"]
    assert "jane" not in lists.world.log.getvalue()


def test_a_batch_has_as_many_contacts_as_20_full_calls(lists: PreparedLists) -> None:
    lists.world.change_settings(calls_per_minute=10)
    lists.put(csv_of(5_000))

    plan = lists.prepare()

    assert (plan["contacts"], plan["calls"], plan["minutes"]) == (5_000, 25, 3)
    assert [len(batch["contact_ids"]) for batch in lists.lines("batches.jsonl")] == [4_080, 920]
    assert lists.contacts() == [contact_id(number) for number in range(5_000)]
    (looked_up,) = lists.world.contact_looks()
    sampled = [int(each[-12:], 16) for each in json.loads(looked_up.body)["ids"]]
    assert len(set(sampled)) == 100
    assert max(later - earlier for earlier, later in itertools.pairwise(sampled)) <= 64


def test_the_sample_is_evenly_distributed_over_many_batches(lists: PreparedLists) -> None:
    lists.put(csv_of(20_000))

    lists.prepare()

    (looked_up,) = lists.world.contact_looks()
    sampled = [int(each[-12:], 16) for each in json.loads(looked_up.body)["ids"]]
    gaps = {later - earlier for earlier, later in itertools.pairwise(sampled)}
    assert len(gaps) <= 2, "of one step, or of one more"


def test_a_list_without_rows_is_planned_as_such(lists: PreparedLists) -> None:
    lists.put("contact_id\n")

    assert set(lists.prepare().values()) == {0}
    assert (lists.lines("batches.jsonl"), lists.rejected()) == ([], [])
    assert lists.world.contact_looks() == []


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, lists: PreparedLists) -> PreparedLists:
    """Invocations that have time for six blocks of two records each. A run has two blocks."""
    monkeypatch.setattr(reading, "BLOCK_RECORDS", 2)
    monkeypatch.setattr(reading, "RUN_RECORDS", 4)
    monkeypatch.setattr(reading, "STORING_SECONDS", 283.5)
    monkeypatch.setattr(preparation, "MERGE_SECONDS", 0)
    seconds = itertools.count()
    lists.world.runtime = replace(lists.world.runtime, clock=lambda: next(seconds))
    return lists


def test_a_list_that_takes_longer_continues_in_the_next_invocation(short: PreparedLists) -> None:
    short.put(csv_of(18) + "x\n" + contact_id(3))

    responses = [short.invoke()]
    while responses[-1]["status"] == "pending":
        # To skip what is done takes less time in truth.
        short.context.remaining_seconds += 3
        responses.append(short.invoke(continuation=responses[-1]["continuation"]))

    assert len(responses) > 2
    assert responses[-1]["plan"] | {"minutes": 0} == {
        "rows": 20,
        "contacts": 18,
        "duplicates": 1,
        "rejected_rows": 1,
        "not_found": 0,
        "alternate_email_matches": 0,
        "calls": 1,
        "minutes": 0,
        "sample_size": 18,
        "sample_existing": 0,
    }
    assert short.contacts() == [contact_id(number) for number in range(18)]
    assert short.rejected() == [(20, "not a valid contact ID")]


def test_the_parts_of_a_backup_are_one_list(short: PreparedLists) -> None:
    parts = [short.put_part(f"CONTACT_ID\n{contact_id(number // 2)}\n\nx\n".encode()) for number in range(8)]

    plan = short.prepare(source={"parts": parts})

    assert (plan["rows"], plan["contacts"], plan["duplicates"], plan["rejected_rows"]) == (16, 4, 4, 8)
    assert short.lines("rejected.jsonl")[5] == {"part": 5, "row": 4, "reason": "not a valid contact ID"}


def test_a_list_that_changes_between_invocations_is_not_read_on(short: PreparedLists) -> None:
    short.put(csv_of(18))
    pending = short.invoke()
    short.put(csv_of(17))

    with pytest.raises(ListUnreadable, match="changed while it was read"):
        short.invoke(continuation=pending["continuation"])


def test_a_list_whose_reading_comes_to_nothing_is_too_large(short: PreparedLists) -> None:
    short.put(csv_of(100))

    with pytest.raises(ListUnreadable, match="too large"):
        short.prepare()


def test_a_list_of_too_many_rows_is_refused(lists: PreparedLists, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 5)
    lists.put(csv_of(6))

    with pytest.raises(ListUnreadable, match="more than 5 rows"):
        lists.prepare()

    lists.put(csv_of(5))
    assert lists.prepare()["rows"] == 5


def test_no_more_ids_than_a_run_has_are_in_memory(
    lists: PreparedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BLOCK_RECORDS", 10)
    monkeypatch.setattr(reading, "RUN_RECORDS", 20)
    lists.put(csv_of(99))

    lists.prepare()

    prefix = f"results/{FOLDER}/preparation/"
    stored = lists.bucket.s3.list_objects_v2(Bucket=lists.bucket.name, Prefix=prefix)["Contents"]
    assert max(each["Size"] for each in stored if "sample" not in each["Key"]) == 20 * 16


def test_a_merge_that_takes_longer_has_an_invocation_of_its_own(
    lists: PreparedLists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "MERGE_SECONDS", 1_000)
    lists.put(csv_of(3))

    pending = lists.invoke()

    assert (pending["status"], pending["continuation"]["stage"]) == ("pending", "merge")
    assert lists.invoke(continuation=pending["continuation"])["plan"]["contacts"] == 3


def test_an_outage_of_sendgrid_repeats_nothing_but_the_lookup(lists: PreparedLists) -> None:
    lists.world.double.faults.add(Fault(route=LOOKUP, status=503, times=2))
    lists.put(csv_of(3))

    pending = lists.invoke()
    lists.bucket.s3.delete_object(Bucket=lists.bucket.name, Key=LIST)

    assert pending["continuation"]["stage"] == "sample"
    with pytest.raises(SendGridUnavailable):
        lists.invoke(continuation=pending["continuation"])
    assert lists.invoke(continuation=pending["continuation"])["plan"]["contacts"] == 3


def test_a_sample_that_sendgrid_refuses_to_look_up_leaves_the_plan_without(lists: PreparedLists) -> None:
    lists.world.double.faults.add(Fault(route=LOOKUP, status=400, times=100))
    lists.put(csv_of(3))

    plan = lists.prepare()

    assert (plan["contacts"], plan["sample_size"], plan["sample_existing"]) == (3, 3, None)


@pytest.mark.parametrize("operation", ["get_object", "put_object", "upload_fileobj"])
def test_a_bucket_that_does_not_answer_is_worth_retrying(lists: PreparedLists, operation: str) -> None:
    lists.put(csv_of(3))
    lists.use(FailingS3(lists.bucket.s3, operation))

    with pytest.raises(BucketUnavailable, match="SlowDown"):
        lists.prepare()


def test_a_list_that_does_not_exist_is_unreadable(lists: PreparedLists) -> None:
    with pytest.raises(ListUnreadable, match=r"^the list does not exist$"):
        lists.prepare()


VALID: dict[str, Any] = {"folder": FOLDER, "source": {"key": LIST}}
PART = {"key": "backups/x/part-00000.csv.gz", "version_id": "v"}
CONTINUATION = {
    "stage": "read",
    "etag": '"e"',
    "files": 0,
    "records": 0,
    "rows": 0,
    "rejected_rows": 0,
    "rejected_files": 0,
    "runs": [],
    "contacts": 0,
    "identifier_type": None,
    "hash_key": "",
    "identifier_runs": [],
    "identifiers": 0,
    "found_runs": [],
    "not_found": 0,
    "alternate_email_matches": 0,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": "a/b"}, "folder must be"),
        ({"source": LIST}, "source: the request must be a JSON object"),
        ({"source": {}}, "source: it must have either key or parts"),
        ({"source": {"key": LIST, "parts": [PART]}}, "source: it must have either key or parts"),
        ({"source": {"key": "results/x"}}, "source: key must begin with lists/"),
        ({"source": {"key": 7}}, "source: key must be text"),
        ({"source": {"parts": []}}, "source: parts must be a list of 1 to 1000"),
        ({"source": {"parts": [PART | {"key": LIST}]}}, r"source: parts\[0\]: key must begin with backups/"),
        ({"id_column": ""}, "id_column must be text"),
        ({"continuation": {}}, "continuation: missing field"),
        ({"continuation": CONTINUATION | {"stage": "x"}}, "continuation: stage must be"),
        ({"continuation": CONTINUATION | {"rows": -1}}, "continuation: rows must be"),
        ({"continuation": CONTINUATION | {"runs": [0] * 10_001}}, "continuation: runs must be"),
        ({"continuation": CONTINUATION | {"etag": "e"}}, "continuation: etag must be"),
        ({"continuation": CONTINUATION | {"hash_key": "x"}}, "continuation: hash_key must be"),
        ({"continuation": CONTINUATION | {"identifier_type": 1}}, "continuation: identifier_type must be"),
    ],
)
def test_a_request_that_is_not_valid_names_the_field(
    lists: PreparedLists, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest, match=message):
        lists.invoke(**change)
