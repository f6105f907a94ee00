"""Gathers the results of a list's batches into one file and a summary, and compares them with the list."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from contact_deletion.contact_list.batch_result import STATUSES, BatchResult, read
from contact_deletion.contact_list.rows import count_rows
from contact_deletion.errors import bucket_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# As many connections as the client has in its pool.
READERS = 10

_MAX_BYTES_IN_MEMORY = 16 * 1024 * 1024


def summarize(s3: "S3Client", bucket: str, folder: str, key: str) -> dict[str, Any]:
    """Returns the summary, which is also stored beside the results.

    `contacts_without_result` is the number of the list's contacts that are in no result, or None where the list was
    deleted. Raises ListResultUnreadable, and BucketUnavailable where S3 fails.
    """
    results_key = f"results/{folder}/results.jsonl"
    batches: Counter[str] = Counter()
    contacts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    remaining = 0
    with bucket_errors(), SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY) as results:
        for batch in _batch_results(s3, bucket, f"results/{folder}/batches/"):
            batches[batch.status] += 1
            contacts[batch.status] += batch.contact_count
            codes.update([batch.code] if batch.code else ())
            remaining += batch.remaining_contacts
            results.write(json.dumps(batch.content).encode() + b"\n")
        results.seek(0)
        s3.put_object(Bucket=bucket, Key=results_key, Body=results, ContentType="application/jsonl")
        in_list = count_rows(s3, bucket, key)
        summary = {
            "folder": folder,
            "bucket": bucket,
            "results_key": results_key,
            "batches": batches.total(),
            "contacts": contacts.total(),
            "contacts_in_list": in_list,
            "contacts_without_result": None if in_list is None else max(0, in_list - contacts.total()),
            "by_status": {
                status: {"batches": batches[status], "contacts": contacts[status]} for status in STATUSES
            },
            "by_code": dict(codes),
            "remaining_contacts": remaining,
        }
        s3.put_object(
            Bucket=bucket,
            Key=f"results/{folder}/summary.json",
            Body=json.dumps(summary, indent=2).encode(),
            ContentType="application/json",
        )
    return summary


def _batch_results(s3: "S3Client", bucket: str, prefix: str) -> Iterator[BatchResult]:
    """The results in the order of their keys, which end with the batches' request IDs.

    They are read a page of keys at a time, so that tens of thousands are not all in memory.
    """

    def read_object(key: str) -> BatchResult:
        return read(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    with ThreadPoolExecutor(READERS) as readers:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            keys = [found["Key"] for found in page.get("Contents", ()) if found["Key"].endswith(".json")]
            yield from readers.map(read_object, keys)
