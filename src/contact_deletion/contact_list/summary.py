"""Gathers the results of a list's batches into one file and a summary, and accounts for every row of the list."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from contact_deletion.contact_list.batch_result import STATUSES, BatchResult, read
from contact_deletion.errors import bucket_errors
from contact_deletion.requests.contact_lists import ListSummaryRequest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# As many connections as the client has in its pool.
READERS = 10

_MAX_BYTES_IN_MEMORY = 16 * 1024 * 1024


def summarize(s3: "S3Client", bucket: str, request: ListSummaryRequest) -> dict[str, Any]:
    """Returns the summary, which is also stored beside the results.

    The numbers in `rows` add up to the list's rows. `contacts_without_result` is the number of planned contacts that
    are in no result. Raises ListResultUnreadable, and BucketUnavailable where S3 fails.
    """
    results = f"results/{request.folder}"
    batches: Counter[str] = Counter()
    contacts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    ends: Counter[str] = Counter(deleted=0, already_gone=0, remaining=0, unknown=0, not_attempted=0)
    with bucket_errors(), SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY) as lines:
        for batch in _batch_results(s3, bucket, f"{results}/batches/"):
            batches[batch.status] += 1
            contacts[batch.status] += batch.contact_count
            codes.update([batch.code] if batch.code else ())
            ends.update(batch.ends())
            lines.write(json.dumps(batch.content).encode() + b"\n")
        lines.seek(0)
        s3.put_object(
            Bucket=bucket, Key=f"{results}/results.jsonl", Body=lines, ContentType="application/jsonl"
        )
        without_result = max(0, request.plan.contacts - contacts.total())
        summary = {
            "folder": request.folder,
            "bucket": bucket,
            "results_key": f"{results}/results.jsonl",
            "batches": batches.total(),
            "contacts": contacts.total(),
            "contacts_without_result": without_result,
            "rows": {
                **ends,
                "without_result": without_result,
                "duplicates": request.plan.duplicates,
                "rejected": request.plan.rejected_rows,
                "not_found": request.plan.not_found,
                "alternate_email_matches": request.plan.alternate_email_matches,
            },
            "by_status": {
                status: {"batches": batches[status], "contacts": contacts[status]} for status in STATUSES
            },
            "by_code": dict(codes),
        }
        s3.put_object(
            Bucket=bucket,
            Key=f"{results}/summary.json",
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
