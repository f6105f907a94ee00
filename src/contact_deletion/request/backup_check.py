"""A request to make sure that a backup is whole."""

import re
from dataclasses import dataclass

from contact_deletion.errors import InvalidRequest
from contact_deletion.request import fields

_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,1024}")
"""S3's longest keys and version ids have 1,024 bytes."""


@dataclass(frozen=True)
class CopiedPart:
    """A version of an object in the backup bucket: its size in bytes, its SHA-256, and its distinct contacts.

    The IDs of these are in another object, of which `contact_ids_version_id` is the version.
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
    """`expected_contact_count` is the account's before the export, `exported_contact_count` the export's own."""

    folder: str
    expected_contact_count: int
    exported_contact_count: int | None
    parts: tuple[CopiedPart, ...]


def parse(payload: object) -> BackupCheck:
    """Raises InvalidRequest."""
    given = fields.object_of(
        payload, required=("folder", "expected_contact_count", "exported_contact_count", "parts")
    )
    exported_contact_count = given["exported_contact_count"]
    if not isinstance(given["parts"], list):
        raise InvalidRequest("parts must be a list")
    return BackupCheck(
        folder=fields.folder(given["folder"], "folder"),
        expected_contact_count=fields.whole_number(given["expected_contact_count"], "expected_contact_count"),
        exported_contact_count=None
        if exported_contact_count is None
        else fields.whole_number(exported_contact_count, "exported_contact_count"),
        parts=tuple(_copied_part(value, f"parts[{index}]") for index, value in enumerate(given["parts"])),
    )


def _copied_part(value: object, name: str) -> CopiedPart:
    with fields.within(name):
        given = fields.object_of(
            value,
            required=(
                *("part", "key", "version_id", "size", "sha256"),
                *("contact_count", "contact_ids_version_id"),
            ),
        )
        return CopiedPart(
            part=fields.whole_number(given["part"], "part"),
            key=_text(given["key"], "key"),
            version_id=_text(given["version_id"], "version_id"),
            size=fields.whole_number(given["size"], "size"),
            sha256=fields.sha256(given["sha256"], "sha256"),
            contact_count=fields.whole_number(given["contact_count"], "contact_count"),
            contact_ids_version_id=_text(given["contact_ids_version_id"], "contact_ids_version_id"),
        )


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise InvalidRequest(f"{name} must be text of 1 to 1024 characters, none of them a control character")
    return value
