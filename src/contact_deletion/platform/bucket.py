"""A bucket in which a function keeps things."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contact_deletion.platform.aws import aws_client
from contact_deletion.settings import required

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Bucket:
    """By its name, with the client that reaches it."""

    name: str
    s3: "S3Client"

    @classmethod
    def from_environment(cls, variable: str) -> "Bucket":
        """The environment variable has the bucket's name. Raises InvalidSetting."""
        return cls(required(os.environ, variable), aws_client("s3"))
