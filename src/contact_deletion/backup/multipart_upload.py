"""Writes an object of unknown length to S3 in constant memory.

boto3's own `upload_fileobj` does the same, but does not return the version of the object.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from contact_deletion.errors import BackupIncomplete, BucketUnavailable, bucket_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# S3 takes 10,000 parts, so an object can have 160 GB.
PART_BYTES = 16 * 1024 * 1024

# What S3 calls the only version of an object in a bucket whose versioning is suspended (AWS docs).
_NO_VERSION = "null"


def version_of(written: Mapping[str, Any]) -> str:
    """The version of an object that S3 has written. Raises BackupIncomplete where the bucket has no versioning."""
    version_id: str = written.get("VersionId", _NO_VERSION)
    if version_id == _NO_VERSION:
        raise BackupIncomplete("the backup bucket has no versioning")
    return version_id


class MultipartUpload:
    """A multipart upload, which must not be empty. Every method raises BucketUnavailable where S3 fails."""

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
        """Completes the object, and returns its version. Raises BackupIncomplete where the bucket has no versioning."""
        self._send_buffer()
        with bucket_errors():
            response = self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
            )
        return version_of(response)

    def abort(self) -> None:
        with bucket_errors():
            self._s3.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._upload_id)

    def _send_buffer(self) -> None:
        number = len(self._parts) + 1
        with bucket_errors():
            response = self._s3.upload_part(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                PartNumber=number,
                Body=bytes(self._buffer),
                ChecksumAlgorithm="CRC32",
            )
        self._parts.append(
            {"PartNumber": number, "ETag": response["ETag"], "ChecksumCRC32": response["ChecksumCRC32"]}
        )
        self._buffer.clear()


@contextmanager
def multipart_upload(s3: "S3Client", bucket: str, key: str) -> Iterator[MultipartUpload]:
    """An upload that is aborted if an error ends it. Raises BucketUnavailable."""
    upload = MultipartUpload(s3, bucket, key)
    try:
        yield upload
    except BaseException:
        with suppress(BucketUnavailable):  # the bucket's lifecycle rule does it later
            upload.abort()
        raise
