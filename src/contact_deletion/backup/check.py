"""Makes sure that a backup is complete, and writes its manifest."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contact_deletion.backup.distinct_ids import BLOCK_BYTES, ID_BYTES, merge_distinct_ids
from contact_deletion.deadline import timestamp
from contact_deletion.errors import BackupIncomplete, bucket_errors, error_code
from contact_deletion.requests.backups import BackupCheck, CopiedPart

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# At most this many contacts, or a tenth of them, are added between the count and the export.
PLAUSIBLE_GROWTH = 100

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion"})


def check(s3: "S3Client", bucket: str, request: BackupCheck, now: float) -> dict[str, Any]:
    """Checks that every part is in the bucket as it was copied, and that the parts have as many distinct contacts as
    expected, or a few more. Writes the manifest.

    A segment's own count is not compared, because it may be a day old: only the export's is.

    Raises BackupIncomplete where that is not so, and BucketUnavailable where S3 fails.
    """
    parts = sorted(request.parts, key=lambda part: part.part)
    if not parts or [part.part for part in parts] != list(range(len(parts))):
        raise BackupIncomplete(f"parts must be those from 0 on, each once: there are {len(parts)}")
    _require_different(parts)
    for part in parts:
        _require(s3, bucket, request.folder, part)
    contact_count = _distinct_contacts(s3, bucket, request.folder, parts)
    if request.source.segment_id is None:
        _require_plausible(contact_count, request.expected_contact_count, "were expected")
    if request.exported_contact_count is not None:
        _require_plausible(
            contact_count, request.exported_contact_count, "are in the export according to SendGrid"
        )
    manifest = {
        "checked_at": timestamp(now),
        "source": request.source.content(),
        "sampled_at": request.sampled_at,
        "contact_count": contact_count,
        "expected_contact_count": request.expected_contact_count,
        "exported_contact_count": request.exported_contact_count,
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


def _require_different(parts: Sequence[CopiedPart]) -> None:
    """Raises BackupIncomplete where two parts have the same content, unless it has no contacts."""
    first: dict[str, int] = {}
    for part in parts:
        if part.contact_count and first.setdefault(part.sha256, part.part) != part.part:
            raise BackupIncomplete(f"parts {first[part.sha256]} and {part.part} have the same content")


def _require(s3: "S3Client", bucket: str, folder: str, part: CopiedPart) -> None:
    """The copy must be the object's current version, because the bucket's lifecycle deletes the others."""
    if part.key != part_key(folder, part.part):
        raise BackupIncomplete(f"part {part.part} is not in the backup's folder")
    with _missing(part, "is not in the bucket, or has expired"):
        found = s3.head_object(Bucket=bucket, Key=part.key)
    if found.get("VersionId") != part.version_id:
        raise BackupIncomplete(f"part {part.part} has another version in the bucket than was copied")
    if found["ContentLength"] != part.size:
        raise BackupIncomplete(
            f"part {part.part} has {found['ContentLength']} bytes in the bucket, and {part.size} were copied"
        )


def _distinct_contacts(s3: "S3Client", bucket: str, folder: str, parts: Sequence[CopiedPart]) -> int:
    """The number of distinct contacts in all parts. A contact may be in several parts."""
    with ExitStack() as bodies, bucket_errors():
        runs = []
        for part in parts:
            with _missing(part, "has no list of its contacts in the bucket"):
                found = s3.get_object(
                    Bucket=bucket,
                    Key=contact_ids_key(folder, part.part),
                    VersionId=part.contact_ids_version_id,
                )
            body = bodies.enter_context(closing(found["Body"]))
            if found["ContentLength"] != part.contact_count * ID_BYTES:
                raise BackupIncomplete(f"the list of the contacts of part {part.part} has another length")
            runs.append(body.iter_chunks(BLOCK_BYTES))
        return sum(1 for _ in merge_distinct_ids(runs))


def _require_plausible(contact_count: int, expected: int, why: str) -> None:
    if contact_count < expected:
        raise BackupIncomplete(f"the backup has {contact_count} contacts, and {expected} {why}")
    if contact_count > expected + max(PLAUSIBLE_GROWTH, expected // 10):
        raise BackupIncomplete(f"the backup has {contact_count} contacts, and only {expected} {why}")


@contextmanager
def _missing(part: CopiedPart, what: str) -> Iterator[None]:
    """Raises BackupIncomplete where S3 does not have the object or its version."""
    with bucket_errors():
        try:
            yield
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise BackupIncomplete(f"part {part.part} {what}") from None


def part_key(folder: str, part: int) -> str:
    return f"backups/{folder}/part-{part:05d}.csv.gz"


def contact_ids_key(folder: str, part: int) -> str:
    """The key of the distinct IDs of the part's contacts, which the check merges."""
    return f"backups/{folder}/contact-ids/{part:05d}"


def manifest_key(folder: str) -> str:
    return f"backups/{folder}/manifest.json"
