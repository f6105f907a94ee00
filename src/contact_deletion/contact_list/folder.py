"""The files of an execution in the bucket of the lists."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig

from contact_deletion.backup.contact_ids import ChunkReader
from contact_deletion.backup.distinct_ids import ID_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Threads would read ahead of what is uploaded, into memory.
_ONE_PART_AT_A_TIME = TransferConfig(use_threads=False)

# That of most lines of batches.jsonl.
_LINE_BYTES = 256 * 1024


@dataclass(frozen=True)
class Folder:
    """The results of one execution. What only the next invocation needs is under `preparation/`."""

    s3: "S3Client"
    bucket: str
    name: str

    def key(self, name: str) -> str:
        return f"results/{self.name}/{name}"

    def put(self, name: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=self.key(name), Body=content)

    def get(self, name: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=self.key(name))["Body"].read()

    def chunks(self, name: str, size: int) -> Iterator[bytes]:
        yield from self.s3.get_object(Bucket=self.bucket, Key=self.key(name))["Body"].iter_chunks(size)

    def put_lines(self, name: str, lines: Iterator[bytes]) -> None:
        """Stores a file of any size in constant memory."""
        self.s3.upload_fileobj(
            Fileobj=io.BufferedReader(ChunkReader(lines), _LINE_BYTES),
            Bucket=self.bucket,
            Key=self.key(name),
            ExtraArgs={"ContentType": "application/jsonl"},
            Config=_ONE_PART_AT_A_TIME,
        )

    def ids(self, name: str, count: int, block: int) -> Iterator[bytes]:
        """A file of sorted IDs, so many at a time. Each block is requested when it is needed: S3 closes connections
        that wait.
        """
        end, step = count * ID_BYTES, block * ID_BYTES
        for start in range(0, end, step):
            part = f"bytes={start}-{min(start + step, end) - 1}"
            yield self.s3.get_object(Bucket=self.bucket, Key=self.key(name), Range=part)["Body"].read()


def ids_name(run: int) -> str:
    return f"preparation/ids-{run:05d}"


def identifiers_name(run: int) -> str:
    return f"preparation/identifiers-{run:05d}"


def found_name(export: int) -> str:
    return f"preparation/found-{export:05d}"


def rejected_name(run: int) -> str:
    return f"preparation/rejected-{run:05d}.jsonl"
