"""What lies in a bucket is as little trusted as what came in a message."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contact_deletion.errors import BackupIncomplete, ListResultUnreadable
from tests.hostile.functions import FOLDER, IDS_KEY, PART, Functions, places, with_value
from tests.hostile.values import PLANTED, WRONG_TYPES, fuzz, texts

# As the workflow writes one.
RESULT = {
    "request_id": "purge",
    "contact_count": 7,
    "result": {
        "status": "failed",
        "code": "DeletionFailed",
        "remaining_contacts": {"count": 1, "contact_ids": []},
        "job_ids": ["job"],
        "errors": [{"Error": "States.Timeout", "Cause": json.dumps({"errorMessage": "late"})}],
    },
}

FILES = {
    "nothing": b"",
    "a NUL": b"\0",
    "no UTF-8": b'{"contact_count": "\xff\xfe"}',
    "a lone surrogate": json.dumps(RESULT | {"request_id": "\ud800"}).encode("utf-16", "surrogatepass")[:-1],
    "100,000 brackets": b"[" * 100_000,
    "100,000 brackets in a text": json.dumps("[" * 100_000).encode(),
    "a text in a text": json.dumps(json.dumps(json.dumps(RESULT))).encode(),
    "two results": json.dumps(RESULT).encode() * 2,
    "a number of 5,000 digits": b"9" * 5_000,
    "a list of results": json.dumps([RESULT]).encode(),
    "another status": json.dumps(with_value(RESULT, ("result", "status"), "Completed")).encode(),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_no_result_is_named(functions: Functions, case: str) -> None:
    put_result(functions, FILES[case])
    outcome = functions.outcome("list_summary", functions.request_of("list_summary"))
    assert isinstance(outcome, ListResultUnreadable)
    assert outcome.message == f"results/{FOLDER}/batches/purge.json does not contain the result of a batch"


@given(st.integers(0), texts | st.sampled_from(sorted(WRONG_TYPES)).map(lambda name: WRONG_TYPES[name]))
@fuzz(20)
def test_a_result_with_a_field_that_is_not_what_it_should_be(
    functions: Functions, number: int, value: Any
) -> None:
    """It is read or it is not, but there is always a summary."""
    possible = list(places(RESULT))
    put_result(functions, json.dumps(with_value(RESULT, possible[number % len(possible)], value)).encode())
    outcome = functions.outcome("list_summary", functions.request_of("list_summary"))
    if isinstance(outcome, dict):
        json.dumps(outcome, ensure_ascii=False, allow_nan=False).encode()  # as Lambda does it
    else:
        assert isinstance(outcome, ListResultUnreadable)
        assert PLANTED not in outcome.message


def test_numbers_too_long_to_be_added_are_no_result(functions: Functions) -> None:
    """Of two, neither is too long for JSON, and their sum is."""
    for name in ("contact_count", "remaining_contacts"):
        place = (name,) if name in RESULT else ("result", name, "count")
        put_result(functions, json.dumps(with_value(RESULT, place, 10**4300 - 1)).encode())
        put_result(functions, json.dumps(with_value(RESULT, place, 10**4300 - 1)).encode(), "other")
        outcome = functions.outcome("list_summary", functions.request_of("list_summary"))
        assert isinstance(outcome, ListResultUnreadable)


@pytest.fixture(autouse=True)
def _no_results(functions: Functions) -> None:
    s3, bucket = functions.bucket.s3, functions.bucket.name
    for found in s3.list_objects_v2(Bucket=bucket, Prefix="results/").get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])


def put_result(functions: Functions, content: bytes, name: str = "purge") -> None:
    key = f"results/{FOLDER}/batches/{name}.json"
    functions.bucket.s3.put_object(Bucket=functions.bucket.name, Key=key, Body=content)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key", "backups/../before-reset.2026/part-00000.csv.gz"),
        ("key", f"/backups/{FOLDER}/part-00000.csv.gz"),
        ("key", f"backups/{FOLDER}/./part-00000.csv.gz"),
        ("key", f"backups/{FOLDER}/part-0000\uff10.csv.gz"),
        ("key", f"backups/{FOLDER}/part-00000.csv.gz?versionId=null"),
        ("key", f"backups/{FOLDER}/manifest.json"),
        ("version_id", "null"),
        ("version_id", "../x"),
        ("version_id", "x&versionId=y"),
        ("version_id", "\uff10"),
        ("size", len(PART) + 1),
        ("part", 2**53 - 1),
    ],
)
def test_a_part_that_is_not_the_one_that_was_copied_makes_no_manifest(
    functions: Functions, field: str, value: object
) -> None:
    request = with_value(functions.request_of("backup_check"), ("parts", 0, field), value)
    outcome = functions.outcome("backup_check", request)
    assert isinstance(outcome, BackupIncomplete)
    assert str(value) not in outcome.message or field in {"size", "part"}
    found = functions.bucket.s3.list_objects_v2(Bucket=functions.bucket.name, Prefix="backups/")["Contents"]
    assert [each["Key"] for each in found] == [IDS_KEY, f"backups/{FOLDER}/part-00000.csv.gz"]
