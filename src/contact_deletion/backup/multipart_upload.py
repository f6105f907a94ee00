"""Writes an object of unknown length to S3 in constant memory.

boto3's own `upload_fileobj` does the same but does not tell which version of the object it wrote.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from contact_deletion.errors import BackupIncomplete, BucketUnavailable, bucket_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES = 16 * 1024 * 1024
"""S3 takes 10,000 parts, so an object can have 160 GB."""

_NO_VERSION = "null"
"""What S3 calls the only version of an object in a bucket whose versioning is suspended (AWS docs)."""


def version_of(written: Mapping[str, Any]) -> str:
    """The version of the object that this answer says was written. Raises BackupIncomplete where it has none."""
    version_id: str = written.get("VersionId", _NO_VERSION)
    if version_id == _NO_VERSION:
        raise BackupIncomplete("the backup's bucket keeps no versions")
    return version_id


class MultipartUpload:
    """Something has to be written. Every method raises BucketUnavailable where S3 fails."""

    def __init__(self, s3: "S3Client", bucket: str, key: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        with bucket_errors():
            self._upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm="CRC32")[
                "UploadId"
            ]
        self._parts: list[CompletedPartTypeDef] = []
        self._buffer = bytearray()
        self.size = 0

    def write(self, data: bytes) -> None:
        if len(self._buffer) >= PART_BYTES:
            self._send_buffer()
        self._buffer += data
        self.size += len(data)

    def complete(self) -> str:
        """The version of the object, which is there from now on. Raises BackupIncomplete where it has none."""
        self._send_buffer()
        with bucket_errors():
            answer = self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
            )
        return version_of(answer)

    def abort(self) -> None:
        with bucket_errors():
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)

    def _send_buffer(self) -> None:
        number = len(self._parts) + 1
        with bucket_errors():
            answer = self._s3.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=bytes(self._buffer),
                ChecksumAlgorithm="CRC32",
            )
        self._parts.append(
            {"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": answer["ChecksumCRC32"]}
        )
        self._buffer.clear()


@contextmanager
def multipart_upload(s3: "S3Client", bucket: str, key: str) -> Iterator[MultipartUpload]:
    """An upload of which nothing stays where an error ends it. Raises BucketUnavailable."""
    upload = MultipartUpload(s3, bucket, key)
    try:
        yield upload
    except BaseException:
        with suppress(BucketUnavailable):  # the bucket's lifecycle rule does it later
            upload.abort()
        raise
