"""The summary of a list, through its handler."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from contact_deletion.errors import BucketUnavailable, InvalidRequest, ListResultUnreadable
from contact_deletion.handlers import list_summary
from contact_deletion.runtime import Runtime
from local.simulation.context import Context
from tests.support.buckets import Bucket, FailingS3, new_bucket
from tests.support.world import World

FOLDER = "cleanup-2026-11"
PLAN = {
    "rows": 265,
    "contacts": 250,
    "duplicates": 7,
    "rejected_rows": 3,
    "not_found": 4,
    "alternate_email_matches": 1,
    "calls": 2,
    "minutes": 0.1,
}
RESULTS = f"results/{FOLDER}/results.jsonl"
SUMMARY = f"results/{FOLDER}/summary.json"


class Lists:
    """The function and its bucket."""

    def __init__(self, runtime: Runtime, bucket: Bucket) -> None:
        self.runtime = runtime
        self.bucket = bucket

    def summarize(self, folder: object = FOLDER, plan: object = PLAN) -> dict[str, Any]:
        task = list_summary.build(self.bucket.runtime(self.runtime))
        response: dict[str, Any] = task.handle({"folder": folder, "plan": plan}, Context())
        return response

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
    return Lists(world.runtime, new_bucket("contact-list-bucket"))


def batch(request_id: str, status: str, contact_count: int = 10, **result: Any) -> dict[str, Any]:
    return {
        "request_id": request_id,
        "contact_count": contact_count,
        "result": {"status": status, "code": None, "message": "", "job_ids": ["job"], **result},
    }


BATCHES = [
    batch("a", "completed", 100, remaining_contacts=None),
    batch("b", "completed", 50),
    batch(
        "c",
        "failed",
        40,
        code="DeletionFailed",
        remaining_contacts={"count": 7, "contact_ids": ["contact-1"], "truncated": True},
    ),
    batch("d", "failed", 30, code="DeletionFailed", remaining_contacts={"count": 2, "contact_ids": []}),
    batch("e", "not_accepted", 20, code="InvalidRequest", job_ids=[]),
    batch("f", "unknown", 10, code="States.Timeout"),
]


def test_the_summary_adds_up_what_became_of_the_batches(lists: Lists) -> None:
    for each in BATCHES:
        lists.put(f"{each['request_id']}.json", each)

    response = lists.summarize()

    assert response == {
        "folder": FOLDER,
        "bucket": "contact-list-bucket",
        "results_key": RESULTS,
        "batches": 6,
        "contacts": 250,
        "contacts_without_result": 0,
        "rows": {
            "deleted": 211,
            "already_gone": 0,
            "remaining": 9,
            "unknown": 10,
            "not_attempted": 20,
            "without_result": 0,
            "duplicates": 7,
            "rejected": 3,
            "not_found": 4,
            "alternate_email_matches": 1,
        },
        "by_status": {
            "completed": {"batches": 2, "contacts": 150},
            "failed": {"batches": 2, "contacts": 70},
            "not_accepted": {"batches": 1, "contacts": 20},
            "unknown": {"batches": 1, "contacts": 10},
        },
        "by_code": {"DeletionFailed": 2, "InvalidRequest": 1, "States.Timeout": 1},
    }
    assert sum(response["rows"].values()) == PLAN["rows"]
    assert json.loads(lists.text(SUMMARY)) == response


def test_a_list_without_results_has_every_kind_of_row(lists: Lists) -> None:
    rows = lists.summarize()["rows"]
    assert {kind for kind, count in rows.items() if count == 0} == {
        *("deleted", "already_gone", "remaining", "unknown", "not_attempted")
    }
    assert rows["without_result"] == PLAN["contacts"]


def test_the_files_say_what_they_are(lists: Lists) -> None:
    lists.summarize()
    types = [
        lists.bucket.s3.head_object(Bucket=lists.bucket.name, Key=key)["ContentType"]
        for key in (RESULTS, SUMMARY)
    ]
    assert types == ["application/jsonl", "application/json"]


def test_a_code_that_is_no_text_is_not_counted(lists: Lists) -> None:
    lists.put("a.json", batch("a", "failed", code=7))
    assert lists.summarize()["by_code"] == {}


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


def caught(code: str, message: str = "", **cause: Any) -> dict[str, Any]:
    """As Step Functions passes on the error of a function."""
    failure = {"errorMessage": message, "errorType": code, "stackTrace": ["  File /var/task/x.py"]}
    return {"Error": code, "Cause": json.dumps(failure | cause)}


def test_a_result_has_the_message_of_its_error_and_nothing_else_of_it(lists: Lists) -> None:
    refused = {"status": "not_accepted", "code": "InvalidRequest", "job_ids": []}
    error = caught("InvalidRequest", "contact_ids[0] must be a contact id")
    lists.put("a.json", {"request_id": "a", "contact_count": 1, "result": refused | {"errors": [error]}})

    assert lists.summarize()["by_code"] == {"InvalidRequest": 1}
    (line,) = [json.loads(line) for line in lists.text(RESULTS).splitlines()]
    assert line["result"] == refused | {"message": "contact_ids[0] must be a contact id"}


def test_a_result_has_the_jobs_that_its_errors_name(lists: Lists) -> None:
    deletion = caught("RateLimited", json.dumps({"message": "the limit is spent", "job_ids": ["b", "c"]}))
    unknown = {"status": "unknown", "code": "States.Timeout", "job_ids": ["a", "b"]}
    errors = [deletion, {"Error": "States.Timeout"}]
    lists.put("a.json", {"request_id": "a", "contact_count": 1, "result": unknown | {"errors": errors}})

    lists.summarize()

    (line,) = [json.loads(line) for line in lists.text(RESULTS).splitlines()]
    assert line["result"] == unknown | {"message": "the limit is spent; ", "job_ids": ["a", "b", "c"]}


def test_a_result_whose_errors_or_jobs_are_none_is_a_result_all_the_same(lists: Lists) -> None:
    odd: Any = product([None, "x", [], [None], [{}]], [None, "x", [None, {}]])
    for number, (errors, job_ids) in enumerate(odd):
        result = {"status": "unknown", "job_ids": job_ids, "errors": errors}
        lists.put(f"{number}.json", {"request_id": "a", "contact_count": 1, "result": result})

    assert lists.summarize()["by_status"]["unknown"]["batches"] == 15


def jobs(*deleted_counts: object) -> list[dict[str, Any]]:
    return [{"job_id": "job", "status": "completed", "deleted_count": count} for count in deleted_counts]


@pytest.mark.parametrize(
    ("reported", "remaining", "deleted", "already_gone"),
    [
        (jobs(4, 3), 0, 7, 3),
        (jobs(4, 3), 2, 7, 1),
        (jobs(0), 0, 0, 10),
        (jobs(), 0, 0, 10),
        (jobs(9, 9), 0, 10, 0),  # more than there are: a call was repeated
        (jobs(4), 10, 0, 0),
        (jobs(4), 99, 0, 0),
        (jobs(4, None), 0, 10, 0),
        (jobs("4"), 0, 10, 0),
        (jobs(True), 0, 10, 0),
        (None, 0, 10, 0),
        ([None], 0, 10, 0),
    ],
)
def test_contacts_that_no_job_deleted_were_gone_already(
    lists: Lists, reported: object, remaining: int, deleted: int, already_gone: int
) -> None:
    status = "failed" if remaining else "completed"
    lists.put("a.json", batch("a", status, 10, jobs=reported, remaining_contacts={"count": remaining}))

    rows = lists.summarize()["rows"]

    ends = (rows["deleted"], rows["already_gone"], rows["remaining"])
    assert ends == (deleted, already_gone, min(remaining, 10))
    assert sum(rows.values()) == PLAN["rows"]


def test_planned_contacts_without_a_result_are_counted(lists: Lists) -> None:
    lists.put("a.json", batch("a", "completed", 100))

    response = lists.summarize()

    assert (response["contacts"], response["contacts_without_result"]) == (100, 150)
    assert response["rows"]["without_result"] == 150


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
    response = lists.summarize()

    assert (response["batches"], response["contacts"], response["by_code"]) == (0, 0, {})
    assert response["by_status"]["completed"] == {"batches": 0, "contacts": 0}
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


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (None, "plan: the request must be a JSON object"),
        ({}, "plan: missing field: contacts"),
        (PLAN | {"contacts": "250"}, "plan: contacts must be a whole number"),
        (PLAN | {"rejected_rows": -1}, "plan: rejected_rows must be a whole number"),
    ],
)
def test_a_plan_that_does_not_count_is_invalid(lists: Lists, plan: object, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        lists.summarize(plan=plan)
