"""Counts the contacts of a list: CSV with a header line."""

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def count_rows(s3: "S3Client", bucket: str, key: str) -> int | None:
    """The number of rows below the header, or None where the list was deleted or cannot be parsed.

    Empty lines do not count. The memory is constant. Text that is not UTF-8 is not an error, because only the number
    matters.
    """
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except s3.exceptions.NoSuchKey:
        return None
    with io.TextIOWrapper(body, encoding="utf-8", errors="replace", newline="") as text:  # type: ignore[type-var]
        rows = csv.reader(text)
        try:
            next(rows, None)
            return sum(bool(row) for row in rows)
        except csv.Error:
            return None
