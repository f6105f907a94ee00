"""How an export stands, for a workflow that waits for it."""

from collections.abc import Iterable
from typing import Any, Literal

from contact_deletion.backup.export_links import links
from contact_deletion.deadline import Deadline
from contact_deletion.errors import BackupIncomplete, SendGridRefused
from contact_deletion.jobs import PENDING
from contact_deletion.patience import SETTLING_SECONDS, ask_again_after
from contact_deletion.request.export_status import ExportStatus
from contact_deletion.sendgrid.exports import Export, ExportClient

MAX_EXPORT_SECONDS = 6 * 60 * 60.0
"""Half of the time for which a file can be downloaded (Twilio docs: 12 hours after the export was asked for)."""

MOST_SECONDS_BETWEEN = 300.0

COPYING_SECONDS = 300.0
"""Links that expire sooner are not worth following: all parts have to be begun by then."""


def status(client: ExportClient, request: ExportStatus, now: float, deadline: Deadline) -> dict[str, Any]:
    """The answer, whose `parts` are file IDs.

    It has no link in it: a workflow's history is no place for what opens everyone's data.
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
    return _answer("pending", export, retry_after=ask_again_after(age, MOST_SECONDS_BETWEEN))


def _export(client: ExportClient, export_id: str, age: float, deadline: Deadline) -> Export:
    try:
        return client.export(export_id, deadline)
    except SendGridRefused as refused:
        if refused.status == 404 and age < SETTLING_SECONDS:
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
