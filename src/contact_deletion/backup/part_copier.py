"""Copies the parts of an export into the backup's bucket."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contact_deletion.backup.contact_counter import count_contacts
from contact_deletion.backup.download import download
from contact_deletion.backup.export_links import links
from contact_deletion.backup.keys import part_key
from contact_deletion.backup.multipart_upload import MultipartUpload, multipart_upload
from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import BackupIncomplete, SendGridUnavailable
from contact_deletion.request.backup_check import CopiedPart
from contact_deletion.request.export_copy import ExportCopy
from contact_deletion.sendgrid.exports import ExportClient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class PartCopier:
    """Downloads by http too where `allow_http`."""

    def __init__(
        self, client: ExportClient, s3: "S3Client", bucket: str, clock: Clock, *, allow_http: bool
    ) -> None:
        self._client = client
        self._s3 = s3
        self._bucket = bucket
        self._clock = clock
        self._allow_http = allow_http

    def copy(self, request: ExportCopy, deadline: Deadline) -> CopiedPart:
        """The copy, which is there only when the part has come whole. Raises BackupIncomplete, BucketUnavailable, and
        what the client raises.
        """
        key = part_key(request.folder, request.part)
        with (
            download(self._link(request, deadline), deadline, allow_http=self._allow_http) as chunks,
            multipart_upload(self._s3, self._bucket, key) as upload,
        ):
            contact_count = count_contacts(_kept(chunks, upload))
            version_id = upload.complete()
        return CopiedPart(request.part, key, version_id, upload.size, contact_count)

    def _link(self, request: ExportCopy, deadline: Deadline) -> str:
        """Asked for anew, so that no link is handed from function to function."""
        export = self._client.export(request.export_id, deadline)
        if not (export.ready or export.failed):
            raise SendGridUnavailable("the export is not ready")
        urls = links(export, self._clock())
        if request.part >= len(urls):
            raise BackupIncomplete(f"the export has no part {request.part}: it has {len(urls)}")
        return urls[request.part]


def _kept(chunks: Iterator[bytes], upload: MultipartUpload) -> Iterator[bytes]:
    for chunk in chunks:
        upload.write(chunk)
        yield chunk
