"""What the API says of contacts and jobs."""

from werkzeug.wrappers import Response

from local.sendgrid_double.contacts import DETAIL_FIELDS, IDENTIFIER_FIELDS, Contact
from local.sendgrid_double.jobs import Job
from local.sendgrid_double.responses import json_response
from local.sendgrid_double.settings import Settings
from local.sendgrid_double.timestamps import timestamp


def accepted(job: Job) -> Response:
    return json_response(202, {"job_id": job.id})


def contact_body(contact: Contact) -> dict[str, object]:
    """As observed 2026-07: blanks are empty strings, no alternate e-mails is null, and identifiers other than
    the e-mail address are absent when the contact does not have them."""
    identifiers = {IDENTIFIER_FIELDS[kind]: value for kind, value in contact.identifiers.items()}
    return {
        **dict.fromkeys(DETAIL_FIELDS, ""),
        **contact.details,
        "id": contact.id,
        "email": "",
        **identifiers,
        "alternate_emails": list(contact.alternate_emails) or None,
        "list_ids": list(contact.list_ids),
        "segment_ids": list(contact.segment_ids),
        "custom_fields": dict(contact.custom_fields),
        "created_at": timestamp(contact.created_at),
        "updated_at": f"{timestamp(contact.updated_at)[:-1]}.{int(contact.updated_at % 1 * 1e9):09}Z",
        "_metadata": {"self": f"https://api.sendgrid.com/v3/marketing/contact/{contact.id}"},
    }


def job_body(job: Job, settings: Settings, host_url: str) -> dict[str, object]:
    """As observed 2026-07 of upserts: until it has run, no count but the requested one, and then none that is 0.

    That a deletion shows `deleted_count` even when it is 0 is decided so.
    """
    results: dict[str, object] = {"requested_count": job.requested_count}
    body: dict[str, object] = {
        "id": job.id,
        "status": job.status,
        "job_type": settings.upsert_job_type if job.kind == "upsert" else settings.job_type,
        "results": results,
        "started_at": timestamp(job.started_at),
    }
    if job.ran_at is None:
        return body
    if job.kind in ("delete", "delete_all"):
        results["deleted_count"] = job.deleted_count
    if job.created_count:
        results["created_count"] = job.created_count
    if job.updated_count:
        results["updated_count"] = job.updated_count
    if job.errored_count:
        results["errored_count"] = job.errored_count
        results["errors_url"] = f"{host_url}_double/jobs/{job.id}"
    return body if job.finished_at is None else {**body, "finished_at": timestamp(job.finished_at)}
