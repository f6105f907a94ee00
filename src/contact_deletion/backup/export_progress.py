"""The status of an export, for a workflow that waits for it."""

import hashlib
from collections.abc import Iterable
from typing import Any, Literal

from contact_deletion.deadline import Deadline
from contact_deletion.errors import BackupIncomplete, SendGridRefused
from contact_deletion.requests.backups import ExportStatus
from contact_deletion.sendgrid.exports import Export, ExportClient
from contact_deletion.sendgrid.jobs import PENDING
from contact_deletion.sendgrid.polling import CONSISTENCY_WINDOW_SECONDS, next_poll_delay

# Half of the time for which a file can be downloaded (Twilio docs: 12 hours after the export was requested).
MAX_EXPORT_SECONDS = 6 * 60 * 60.0

MAX_POLL_INTERVAL_SECONDS = 300.0

# Links must not expire sooner, because the copies of all parts must have started by then.
COPYING_SECONDS = 300.0


def status(client: ExportClient, request: ExportStatus, now: float, deadline: Deadline) -> dict[str, Any]:
    """The status of the export, with the file IDs of its `parts`.

    It contains no link, because workflow histories must not give access to the files.
    """
    age = now - request.started_at
    export = _export(client, request.export_id, age, deadline)
    if export.ready or export.failed:
        try:
            parts = links(export, now + COPYING_SECONDS)
        except BackupIncomplete as incomplete:
            return _answer("failed", export, message=incomplete.message)
        return _answer("ready", export, parts=parts)
    if age >= MAX_EXPORT_SECONDS:
        hours = round(MAX_EXPORT_SECONDS / 3600)
        return _answer("failed", export, message=f"the export is late: not ready after {hours} hours")
    return _answer("pending", export, retry_after=next_poll_delay(age, MAX_POLL_INTERVAL_SECONDS))


def _export(client: ExportClient, export_id: str, age: float, deadline: Deadline) -> Export:
    try:
        return client.export(export_id, deadline)
    except SendGridRefused as refused:
        if refused.status == 404 and age < CONSISTENCY_WINDOW_SECONDS:
            return Export(PENDING)
        raise


def _answer(
    status: Literal["pending", "ready", "failed"],
    export: Export,
    *,
    parts: Iterable[str] = (),
    retry_after: int = 0,
    message: str = "",
) -> dict[str, Any]:
    return {
        "status": status,
        "parts": list(parts),
        "contact_count": export.contact_count,
        "retry_after": retry_after,
        "message": message,
    }


def links(export: Export, usable_until: float) -> dict[str, str]:
    """By file ID, the link to each file of an export that has ended. It gives access without authentication.

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
    """The ID of a file of an export, the same whenever the export's links are requested.

    The order of the links may change, and so does their signature. The ID is a hash, because a workflow's history must
    not contain the path of the file.
    """
    path = link.partition("?")[0].partition("://")[2].partition("/")[2]
    return hashlib.sha256(path.encode(errors="surrogatepass")).hexdigest()
