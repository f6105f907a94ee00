"""However large a part, a copy needs the same little memory."""

import base64
import gzip
import random
import tracemalloc
from typing import Any

from contact_deletion.backup.multipart_upload import PART_BYTES
from tests.backup.support import HEADER, Backups, file_server, row_of
from tests.client.support import http_response

REPEATED = 96


class ForgetfulS3:
    """Takes an upload and keeps none of it."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def create_multipart_upload(self, **_: object) -> dict[str, str]:
        return {"UploadId": "upload"}

    def upload_part(self, *, Body: bytes, **_: object) -> dict[str, str]:
        self.sizes.append(len(Body))
        return {"ETag": "etag", "ChecksumCRC32": "checksum"}

    def put_object(self, **_: object) -> dict[str, str]:
        return {"VersionId": "version"}

    def complete_multipart_upload(self, **_: Any) -> dict[str, str]:
        return {"VersionId": "version"}


def test_memory_does_not_grow_with_the_part(backups: Backups) -> None:
    noise = base64.b64encode(random.Random(0).randbytes(1024 * 1024))
    rows = b"".join(
        b"%b,%b" % (noise[start : start + 8192], row_of(start).partition(b",")[2])
        for start in range(0, len(noise), 8192)
    )
    header, member = gzip.compress(HEADER), gzip.compress(rows, compresslevel=1)
    size = len(header) + REPEATED * len(member)

    head = http_response("200 OK", header, f"Content-Length: {size}")
    s3 = ForgetfulS3()
    backups.use(s3)
    with file_server(head, *[member] * REPEATED) as (link, _):
        backups.ready_at(link)
        tracemalloc.start()
        try:
            response = backups.copy()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert (response["size"], response["contact_count"]) == (size, rows.count(b"\n"))
    assert sum(s3.sizes) == size > 90 * 1024 * 1024
    assert all(PART_BYTES <= part < 2 * PART_BYTES for part in s3.sizes[:-1])
    assert peak < 4 * PART_BYTES
