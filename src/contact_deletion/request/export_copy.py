"""A request to copy one part of an export."""

from dataclasses import dataclass

from contact_deletion.request import fields


@dataclass(frozen=True)
class ExportCopy:
    """The part's number is from 0; its file in the export is `file_id`, as the export's status names it.

    `folder` is the backup's.
    """

    export_id: str
    part: int
    file_id: str
    folder: str


def parse(payload: object) -> ExportCopy:
    """Raises InvalidRequest."""
    given = fields.object_of(payload, required=("export_id", "part", "file_id", "folder"))
    return ExportCopy(
        export_id=fields.resource_id(given["export_id"], "export_id"),
        part=fields.whole_number(given["part"], "part"),
        file_id=fields.sha256(given["file_id"], "file_id"),
        folder=fields.folder(given["folder"], "folder"),
    )
