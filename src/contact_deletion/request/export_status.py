"""A question for how an export stands."""

from dataclasses import dataclass

from contact_deletion.request import fields


@dataclass(frozen=True)
class ExportStatus:
    """`started_at` is when the export was asked for, in seconds since the epoch."""

    export_id: str
    started_at: float


def parse(payload: object) -> ExportStatus:
    """Raises InvalidRequest."""
    given = fields.object_of(payload, required=("export_id", "started_at"))
    return ExportStatus(
        export_id=fields.resource_id(given["export_id"], "export_id"),
        started_at=fields.moment(given["started_at"], "started_at").timestamp(),
    )
