"""The summary of a list, through its handler."""

import json
from dataclasses import replace
from typing import Any

import pytest

from contact_deletion.errors import BucketUnavailable, InvalidRequest, ListResultUnreadable
from contact_deletion.handlers import list_summary
from contact_deletion.platform.bucket import Bucket
from contact_deletion.platform.function import FunctionPlatform
from tests.support.buckets import FailingS3, new_bucket
from tests.support.context import Context
from tests.support.world import World

FOLDER = "cleanup-2026-11"
RESULTS = f"results/{FOLDER}/results.jsonl"
SUMMARY = f"results/{FOLDER}/summary.json"


class Lists:
    """The function and its bucket."""

    def __init__(self, platform: FunctionPlatform, bucket: Bucket) -> None:
        self.platform = platform
        self.bucket = bucket

    def summarize(self, folder: object = FOLDER) -> dict[str, Any]:
        task = list_summary.build(self.platform, self.bucket)
        answer: dict[str, Any] = task.handle({"folder": folder}, Context())
        return answer

    def put(self, name: str, content: object, folder: str = FOLDER) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        key = f"results/{folder}/batches/{name}"
        self.bucket.s3.put_object(Bucket=self.bucket.name, Key=key, Body=body)

    def use(self, s3: Any) -> None:
        self.bucket = replace(self.bucket, s3=s3)

    def text(self, key: str) -> str:
        return self.bucket.s3.get_object(Bucket=self.bucket.name, Key=key)["Body"].read().decode()


@pytest.fixture
def lists(world: World) -> Lists:
    return Lists(world.platform, new_bucket("contact-list-bucket"))


def batch(request_id: str, status: str, contact_count: int = 10, **result: Any) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "contact_count": contact_count,
        "result": {"status": status, "code": None, "message": "", "job_ids": ["job"], **result},
    }


BATCHES = [
    batch("a", "completed", 100, contacts_still_there=None),
    batch("b", "completed", 50),
    batch(
        "c",
        "failed",
        40,
        code="DeletionFailed",
        contacts_still_there={"count": 7, "contact_ids": ["contact-1"], "cut": True},
    ),
    batch("d", "failed", 30, code="DeletionFailed", contacts_still_there={"count": 2, "contact_ids": []}),
    batch("e", "not_accepted", 20, code="InvalidRequest", job_ids=[]),
    batch("f", "unknown", 10, code="States.Timeout"),
]


def test_the_summary_adds_up_what_became_of_the_batches(lists: Lists) -> None:
    for each in BATCHES:
        lists.put(f"{each['request_id']}.json", each)

    answer = lists.summarize()

    assert answer == {
        "folder": FOLDER,
        "bucket": "contact-list-bucket",
        "results_key": RESULTS,
        "batches": 6,
        "contacts": 250,
        "by_status": {
            "completed": {"batches": 2, "contacts": 150},
            "failed": {"batches": 2, "contacts": 70},
            "not_accepted": {"batches": 1, "contacts": 20},
            "unknown": {"batches": 1, "contacts": 10},
        },
        "by_code": {"DeletionFailed": 2, "InvalidRequest": 1, "States.Timeout": 1},
        "contacts_still_there": 9,
    }
    assert json.loads(lists.text(SUMMARY)) == answer


def test_the_results_are_one_line_for_each_batch_in_order(lists: Lists) -> None:
    for each in reversed(BATCHES):
        lists.put(f"{each['request_id']}.json", each)

    lists.summarize()

    assert [json.loads(line) for line in lists.text(RESULTS).splitlines()] == BATCHES


def test_a_result_that_was_written_as_a_json_string_is_the_same(lists: Lists) -> None:
    for each in BATCHES:
        lists.put(f"{each['request_id']}.json", json.dumps(each))

    assert lists.summarize()["contacts"] == 250
    assert [json.loads(line) for line in lists.text(RESULTS).splitlines()] == BATCHES


class SmallPages:
    """S3 that lists two keys at a time, where the real one lists a thousand."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_paginator(self, operation: str) -> "SmallPages":
        return SmallPages(self._s3.get_paginator(operation))

    def paginate(self, **parameters: Any) -> Any:
        return self._s3.paginate(**parameters, PaginationConfig={"PageSize": 2})


def test_a_list_of_many_batches_is_summarized_whole(lists: Lists) -> None:
    names = [f"{number:02}" for number in range(25)]
    for name in names:
        lists.put(f"{name}.json", batch(name, "completed", 1))
    lists.use(SmallPages(lists.bucket.s3))

    assert lists.summarize()["contacts"] == 25
    assert [json.loads(line)["request_id"] for line in lists.text(RESULTS).splitlines()] == names


def test_a_summary_made_again_is_the_same(lists: Lists) -> None:
    lists.put("a.json", BATCHES[0])

    assert lists.summarize() == lists.summarize()
    assert len(lists.text(RESULTS).splitlines()) == 1


def test_other_lists_and_other_files_do_not_count(lists: Lists) -> None:
    lists.put("a.json", BATCHES[0])
    lists.put("a.json", BATCHES[0], folder=f"{FOLDER}-2")
    lists.put("", b"")
    lists.put("notes.txt", b"x")

    assert lists.summarize()["batches"] == 1


def test_a_list_without_results_has_an_empty_summary(lists: Lists) -> None:
    answer = lists.summarize()

    assert (answer["batches"], answer["contacts"], answer["by_code"]) == (0, 0, {})
    assert answer["by_status"]["completed"] == {"batches": 0, "contacts": 0}
    assert lists.text(RESULTS) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b'"not JSON"',
        {},
        [],
        {"request_id": "x", "result": {"status": "completed"}},
        {"request_id": "x", "contact_count": 1},
        {"request_id": "x", "contact_count": "1", "result": {"status": "completed"}},
        {"request_id": "x", "contact_count": 1, "result": "completed"},
        {"request_id": "x", "contact_count": 1, "result": {}},
        {"request_id": "x", "contact_count": 1, "result": {"status": "done"}},
    ],
)
def test_a_file_that_is_no_result_is_named(lists: Lists, content: object) -> None:
    lists.put("a.json", BATCHES[0])
    lists.put("x.json", content)

    with pytest.raises(ListResultUnreadable, match=f"results/{FOLDER}/batches/x.json"):
        lists.summarize()

    assert "Contents" not in lists.bucket.s3.list_objects_v2(
        Bucket=lists.bucket.name, Prefix=f"results/{FOLDER}/summary"
    )


@pytest.mark.parametrize("operation", ["get_object", "put_object"])
def test_a_bucket_that_does_not_answer_is_worth_retrying(lists: Lists, operation: str) -> None:
    lists.put("a.json", BATCHES[0])
    lists.use(FailingS3(lists.bucket.s3, operation))

    with pytest.raises(BucketUnavailable, match="SlowDown"):
        lists.summarize()


def test_a_bucket_that_is_not_there_is_worth_retrying(lists: Lists) -> None:
    lists.bucket = replace(lists.bucket, name="another-bucket")

    with pytest.raises(BucketUnavailable, match="NoSuchBucket"):
        lists.summarize()


@pytest.mark.parametrize("folder", ["", "..", "a/b", None])
def test_a_folder_that_is_no_executions_name_is_invalid(lists: Lists, folder: object) -> None:
    with pytest.raises(InvalidRequest, match="folder"):
        lists.summarize(folder)
