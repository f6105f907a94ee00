"""Copies the parts of an export into the backup's bucket."""

import hashlib
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from contact_deletion.backup.check import contact_ids_key, part_key
from contact_deletion.backup.contact_ids import read_contact_ids
from contact_deletion.backup.distinct_ids import write_distinct_ids
from contact_deletion.backup.download import download
from contact_deletion.backup.export_progress import links
from contact_deletion.backup.multipart_upload import MultipartUpload, multipart_upload, version_of
from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import BackupIncomplete, SendGridUnavailable, bucket_errors
from contact_deletion.requests.backups import CopiedPart, ExportCopy
from contact_deletion.sendgrid.exports import ExportClient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class PartCopier:
    """Copies parts of exports. `allow_http` also allows links that are not https."""

    def __init__(
        self, client: ExportClient, s3: "S3Client", bucket: str, clock: Clock, *, allow_http: bool
    ) -> None:
        self._client = client
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._allow_http = allow_http

    def copy(self, request: ExportCopy, deadline: Deadline) -> CopiedPart:
        """Copies the part, completely or not at all.

        Raises BackupIncomplete, BucketUnavailable and the client's errors.
        """
        key = part_key(request.folder, request.part)
        digest = hashlib.sha256()
        with (
            download(self._link(request, deadline), deadline, allow_http=self._allow_http) as chunks,
            multipart_upload(self._s3, self._bucket, key) as upload,
            TemporaryFile() as ids,
        ):
            contact_count = write_distinct_ids(read_contact_ids(_written(chunks, upload, digest)), ids)
            ids.seek(0)
            ids_key = contact_ids_key(request.folder, request.part)
            with bucket_errors():
                written = self._s3.put_object(Bucket=self._bucket, Key=ids_key, Body=ids)
            return CopiedPart(
                part=request.part,
                key=key,
                size=upload.size,
                sha256=digest.hexdigest(),
                contact_count=contact_count,
                contact_ids_version_id=version_of(written),
                version_id=upload.complete(),
            )

    def _link(self, request: ExportCopy, deadline: Deadline) -> str:
        """Requests the link again, so that no function passes a link to another."""
        export = self._client.export(request.export_id, deadline)
        if not (export.ready or export.failed):
            raise SendGridUnavailable("the export is not ready")
        urls = links(export, self._clock())
        if request.file_id not in urls:
            raise BackupIncomplete(
                f"the export has no file of part {request.part}: it has {len(urls)} other files"
            )
        return urls[request.file_id]


def _written(chunks: Iterator[bytes], upload: MultipartUpload, digest: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        upload.write(chunk)
        digest.update(chunk)
        yield chunk
