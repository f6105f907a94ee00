"""A request to copy one part of an export."""

from dataclasses import dataclass

from contact_deletion.request import fields


@dataclass(frozen=True)
class ExportCopy:
    """Parts are numbered from 0; `folder` is the backup's."""

    export_id: str
    part: int
    folder: str


def parse(payload: object) -> ExportCopy:
    """Raises InvalidRequest."""
    given = fields.object_of(payload, required=("export_id", "part", "folder"))
    return ExportCopy(
        export_id=fields.resource_id(given["export_id"], "export_id"),
        part=fields.whole_number(given["part"], "part"),
        folder=fields.folder(given["folder"], "folder"),
    )
