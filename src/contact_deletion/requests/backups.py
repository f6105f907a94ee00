"""Requests of the functions that make a backup."""

import re
from dataclasses import dataclass

from contact_deletion.errors import InvalidRequest
from contact_deletion.requests import validation

# S3's longest keys and version IDs have 1,024 bytes.
_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,1024}")


@dataclass(frozen=True)
class CopiedPart:
    """A part of an export in the backup bucket: an object's version, its size in bytes, and its distinct contacts.

    `contact_ids_version_id` is the version of the object with their IDs.
    """

    part: int
    key: str
    version_id: str
    size: int
    sha256: str
    contact_count: int
    contact_ids_version_id: str


# Step Functions' name of the field that links a nested execution to the one that started it.
_STARTED_BY = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"


@dataclass(frozen=True)
class ContactSource:
    """Which contacts are counted and exported: those of a list, those of a segment, or all if both are None."""

    list_id: str | None = None
    segment_id: str | None = None

    def content(self) -> dict[str, str]:
        """The source as JSON."""
        return {name: value for name, value in vars(self).items() if value is not None}


def parse_source(payload: object) -> ContactSource:
    """Raises InvalidRequest."""
    given = validation.require_object(payload, required=(), optional=("list_id", "segment_id", _STARTED_BY))
    validation.request_id(given)
    ids = {
        name: validation.resource_id(given[name], name) for name in ("list_id", "segment_id") if name in given
    }
    if len(ids) > 1:
        raise InvalidRequest("list_id and segment_id exclude each other")
    return ContactSource(**ids)


@dataclass(frozen=True)
class BackupCheck:
    """A request to check a backup.

    `expected_contact_count` is the source's before the export. `sampled_at` is when SendGrid counted a segment, as it
    reports it. `exported_contact_count` is the export's, or None where SendGrid reports no count.
    """

    folder: str
    source: ContactSource
    sampled_at: str | None
    expected_contact_count: int
    exported_contact_count: int | None
    parts: tuple[CopiedPart, ...]


def parse_backup_check(payload: object) -> BackupCheck:
    """Raises InvalidRequest."""
    given = validation.require_object(
        payload,
        required=(
            *("folder", "source", "sampled_at", "expected_contact_count", "exported_contact_count"),
            "parts",
        ),
    )
    sampled_at, exported_contact_count = given["sampled_at"], given["exported_contact_count"]
    if not isinstance(given["parts"], list):
        raise InvalidRequest("parts must be a list")
    return BackupCheck(
        folder=validation.folder(given["folder"], "folder"),
        source=_source(given["source"]),
        sampled_at=None
        if sampled_at is None
        else validation.parse_timestamp(sampled_at, "sampled_at").isoformat(),
        expected_contact_count=validation.non_negative_int(
            given["expected_contact_count"], "expected_contact_count"
        ),
        exported_contact_count=None
        if exported_contact_count is None
        else validation.non_negative_int(exported_contact_count, "exported_contact_count"),
        parts=tuple(_copied_part(value, f"parts[{index}]") for index, value in enumerate(given["parts"])),
    )


def _source(value: object) -> ContactSource:
    with validation.error_prefix("source"):
        return parse_source(value)


def _copied_part(value: object, name: str) -> CopiedPart:
    with validation.error_prefix(name):
        given = validation.require_object(
            value,
            required=(
                *("part", "key", "version_id", "size", "sha256"),
                *("contact_count", "contact_ids_version_id"),
            ),
        )
        return CopiedPart(
            part=validation.non_negative_int(given["part"], "part"),
            key=_text(given["key"], "key"),
            version_id=_text(given["version_id"], "version_id"),
            size=validation.non_negative_int(given["size"], "size"),
            sha256=validation.sha256(given["sha256"], "sha256"),
            contact_count=validation.non_negative_int(given["contact_count"], "contact_count"),
            contact_ids_version_id=_text(given["contact_ids_version_id"], "contact_ids_version_id"),
        )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise InvalidRequest(f"{name} must be text of 1 to 1024 characters, none of them a control character")
    return value


@dataclass(frozen=True)
class ExportCopy:
    """A request to copy a part of an export into the `folder` of a backup.

    Parts are numbered from 0. `file_id` is the ID of the part's file in the status of the export.
    """

    export_id: str
    part: int
    file_id: str
    folder: str


def parse_export_copy(payload: object) -> ExportCopy:
    """Raises InvalidRequest."""
    given = validation.require_object(payload, required=("export_id", "part", "file_id", "folder"))
    return ExportCopy(
        export_id=validation.resource_id(given["export_id"], "export_id"),
        part=validation.non_negative_int(given["part"], "part"),
        file_id=validation.sha256(given["file_id"], "file_id"),
        folder=validation.folder(given["folder"], "folder"),
    )


@dataclass(frozen=True)
class ExportStatus:
    """A request for the status of an export, which was requested at `started_at`, in seconds since the epoch."""

    export_id: str
    started_at: float


def parse_export_status(payload: object) -> ExportStatus:
    """Raises InvalidRequest."""
    given = validation.require_object(payload, required=("export_id", "started_at"))
    return ExportStatus(
        export_id=validation.resource_id(given["export_id"], "export_id"),
        started_at=validation.parse_timestamp(given["started_at"], "started_at").timestamp(),
    )
