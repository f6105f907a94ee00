"""Buckets of moto's, and functions that keep things in them."""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from contact_deletion.runtime import Runtime
from local.aws.names import REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Bucket:
    """A bucket by its name, and the client that reaches it."""

    name: str
    s3: "S3Client"

    def runtime(self, runtime: Runtime) -> Runtime:
        """The same runtime with this bucket."""
        return replace(
            runtime,
            settings=replace(runtime.settings, backup_bucket=self.name, contact_list_bucket=self.name),
            aws_client=lambda service: self.s3 if service == "s3" else runtime.aws_client(service),
        )


@cache
def s3_client() -> "S3Client":
    """Making one takes long; moto takes over whatever client there is."""
    s3: S3Client = boto3.session.Session("testing", "testing", region_name=REGION).client("s3")
    return s3


def new_bucket(name: str) -> Bucket:
    s3 = s3_client()
    s3.create_bucket(Bucket=name)
    return Bucket(name, s3)


class FailingS3:
    """S3 that refuses these operations, or does not answer them, and does every other."""

    def __init__(self, s3: "S3Client", *operations: str, error: Exception | None = None) -> None:
        self._s3 = s3
        self._operations = operations
        self._error = error or ClientError(
            {"Error": {"Code": "SlowDown", "Message": "jane@example.com"}}, "x"
        )

    def __getattr__(self, name: str) -> Any:
        return self._fail if name in self._operations else getattr(self._s3, name)

    def _fail(self, **_: object) -> None:
        raise self._error
