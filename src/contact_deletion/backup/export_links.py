"""The links to the files of an export."""

import hashlib

from contact_deletion.errors import BackupIncomplete
from contact_deletion.sendgrid.exports import Export


def links(export: Export, usable_until: float) -> dict[str, str]:
    """By file ID, the link to each file of an export that has ended; they open the files for whoever has them.

    Raises BackupIncomplete where the export failed, has no files, has two links to one, or has links that expire before
    `usable_until`, in seconds since the epoch.
    """
    if export.failed:
        raise BackupIncomplete(f"the export failed: {export.message or 'SendGrid does not say why'}")
    if not export.urls:
        raise BackupIncomplete("the export is ready and has no files")
    if export.expires_at and export.expires_at.timestamp() <= usable_until:
        raise BackupIncomplete("the export's links have expired, or will before its files can be copied")
    found = {file_id(url): url for url in export.urls}
    if len(found) < len(export.urls):
        raise BackupIncomplete("two links of the export lead to the same file")
    return found


def file_id(link: str) -> str:
    """What tells a file of an export from the others, whenever its links are asked for.

    Their order may change, and so does what signs them. A path says where the file is, which is for no history.
    """
    path = link.partition("?")[0].partition("://")[2].partition("/")[2]
    return hashlib.sha256(path.encode(errors="surrogatepass")).hexdigest()
