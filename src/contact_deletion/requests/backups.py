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


@dataclass(frozen=True)
class BackupCheck:
    """A request to check a backup.

    `expected_contact_count` is the account's before the export, `exported_contact_count` is the export's, or None where
    SendGrid reports no count.
    """

    folder: str
    expected_contact_count: int
    exported_contact_count: int | None
    parts: tuple[CopiedPart, ...]


def parse_backup_check(payload: object) -> BackupCheck:
    """Raises InvalidRequest."""
    given = validation.require_object(
        payload, required=("folder", "expected_contact_count", "exported_contact_count", "parts")
    )
    exported_contact_count = given["exported_contact_count"]
    if not isinstance(given["parts"], list):
        raise InvalidRequest("parts must be a list")
    return BackupCheck(
        folder=validation.folder(given["folder"], "folder"),
        expected_contact_count=validation.non_negative_int(
            given["expected_contact_count"], "expected_contact_count"
        ),
        exported_contact_count=None
        if exported_contact_count is None
        else validation.non_negative_int(exported_contact_count, "exported_contact_count"),
        parts=tuple(_copied_part(value, f"parts[{index}]") for index, value in enumerate(given["parts"])),
    )


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
