"""Exports of contacts (Twilio docs: Export Contacts, Export Contacts Status)."""

from dataclasses import dataclass, field
from datetime import datetime

from contact_deletion.deadline import Deadline
from contact_deletion.errors import SendGridUnavailable
from contact_deletion.requests.backups import ContactSource
from contact_deletion.requests.validation import RESOURCE_ID
from contact_deletion.sendgrid import responses
from contact_deletion.sendgrid.jobs import is_completion, is_failure
from contact_deletion.sendgrid.redaction import redact
from contact_deletion.sendgrid.transport import Call, Transport

# The size of a part, so that one invocation can copy it (Twilio docs: 5,000 is the default).
PART_MEGABYTES = 500

READY = "ready"


@dataclass(frozen=True)
class Export:
    """An export, as SendGrid reports it.

    `urls` give access to the files without further authentication until `expires_at`: they are never logged.
    `contact_count` is None where SendGrid does not report it. `message` is SendGrid's, redacted.
    """

    status: str
    urls: tuple[str, ...] = field(default=(), repr=False)
    expires_at: datetime | None = None
    contact_count: int | None = None
    message: str = ""

    @property
    def ready(self) -> bool:
        """`ready` is documented. An export with the status of a completed job is ready where it has links."""
        return self.status == READY or (is_completion(self.status) and bool(self.urls))

    @property
    def failed(self) -> bool:
        """`failure` is documented; `failed` was observed."""
        return is_failure(self.status)


class ExportClient(Transport):
    """The calls for one account. Every method raises what Transport says."""

    def start_export(self, source: ContactSource, deadline: Deadline) -> str:
        """Requests an export of the contacts of the source, and returns its ID.

        It names one list or one segment: what several select together is not documented.
        """
        body: dict[str, object] = {"file_type": "csv", "max_file_size": PART_MEGABYTES}
        for name, value in source.content().items():
            body[f"{name}s"] = [value]
        return export_id(
            self._rate_limited_request(Call("POST", f"{self._contacts}/exports", body), "exports", deadline)
        )

    def export(self, export_id: str, deadline: Deadline) -> Export:
        """The status of an export."""
        return export(
            self._rate_limited_request(
                Call("GET", f"{self._contacts}/exports/{export_id}", is_repeatable=True), "export", deadline
            )
        )


def export_id(body: bytes | None) -> str:
    """The export that a 202 names. Raises SendGridUnavailable where the response names no export."""
    found = responses.json_object(body).get("id")
    if not isinstance(found, str) or not RESOURCE_ID.fullmatch(found):
        raise SendGridUnavailable("SendGrid accepted the export but named no usable id")
    return found


def export(body: bytes | None) -> Export:
    """The status of an export. Raises SendGridUnavailable where the response is not a JSON object."""
    found = responses.json_object(body)
    if not found:
        raise SendGridUnavailable("SendGrid's export status response is not a JSON object")
    urls = found.get("urls")
    message = found.get("message")
    return Export(
        responses.status_word(found),
        urls=tuple(map(str, urls)) if isinstance(urls, list) else (),
        expires_at=_timestamp_or_none(found.get("expires_at")),
        contact_count=responses.count(found, "contact_count"),
        message=redact(message) if isinstance(message, str) else "",
    )


def _timestamp_or_none(value: object) -> datetime | None:
    try:
        timestamp = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return timestamp if timestamp.tzinfo else None
