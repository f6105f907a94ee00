"""The links to the files of an export."""

from contact_deletion.errors import BackupIncomplete
from contact_deletion.sendgrid.exports import Export


def links(export: Export, usable_until: float) -> tuple[str, ...]:
    """The link to each part of an export that has ended; they open the files for whoever has them.

    Raises BackupIncomplete where the export failed, has no files, or has links that expire before `usable_until`,
    in seconds since the epoch.
    """
    if export.failed:
        raise BackupIncomplete(f"the export failed: {export.message or 'SendGrid does not say why'}")
    if not export.urls:
        raise BackupIncomplete("the export is ready and has no files")
    if export.expires_at and export.expires_at.timestamp() <= usable_until:
        raise BackupIncomplete("the export's links have expired, or will before its files can be copied")
    return export.urls
