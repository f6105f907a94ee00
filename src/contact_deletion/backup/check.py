"""Makes sure that a backup is whole, and writes down what it consists of."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contact_deletion.aws_errors import bucket_errors, error_code
from contact_deletion.backup.keys import manifest_key, part_key
from contact_deletion.errors import BackupIncomplete
from contact_deletion.request.backup_check import BackupCheck, CopiedPart
from contact_deletion.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion"})


def check(s3: "S3Client", bucket: str, request: BackupCheck, now: float) -> dict[str, Any]:
    """The answer, when every part is there as it was copied and they have as many contacts as expected, or more.

    Raises BackupIncomplete where it is not so, and BucketUnavailable where S3 does not say.
    """
    parts = sorted(request.parts, key=lambda part: part.part)
    if not parts or [part.part for part in parts] != list(range(len(parts))):
        raise BackupIncomplete(f"parts must be those from 0 on, each once: there are {len(parts)}")
    for part in parts:
        _require(s3, bucket, request.folder, part)
    contact_count = sum(part.contact_count for part in parts)
    if contact_count < request.expected_contact_count:
        raise BackupIncomplete(
            f"the backup has {contact_count} contacts, and {request.expected_contact_count} were expected"
        )
    manifest = {
        "created_at": timestamp(now),
        "contact_count": contact_count,
        "expected_contact_count": request.expected_contact_count,
        "parts": [vars(part) for part in parts],
    }
    key = manifest_key(request.folder)
    with bucket_errors():
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=json.dumps(manifest, indent=2).encode(),
            ContentType="application/json",
        )
    return {"contact_count": contact_count, "bucket": bucket, "manifest_key": key}


def _require(s3: "S3Client", bucket: str, folder: str, part: CopiedPart) -> None:
    if part.key != part_key(folder, part.part):
        raise BackupIncomplete(f"part {part.part} is not in the backup's folder")
    with bucket_errors():
        try:
            found = s3.head_object(Bucket=bucket, Key=part.key, VersionId=part.version_id)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise BackupIncomplete(f"part {part.part} is not in the bucket") from None
    if found["ContentLength"] != part.size:
        raise BackupIncomplete(
            f"part {part.part} has {found['ContentLength']} bytes in the bucket, and {part.size} were copied"
        )
