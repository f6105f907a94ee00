"""Exports of contacts (Twilio docs: Export Contacts, Export Contacts Status)."""

from dataclasses import dataclass, field
from datetime import datetime

from contact_deletion.deadline import Deadline
from contact_deletion.errors import SendGridUnavailable
from contact_deletion.requests.validation import RESOURCE_ID
from contact_deletion.sendgrid import responses
from contact_deletion.sendgrid.jobs import is_completion, is_failure
from contact_deletion.sendgrid.redaction import redact
from contact_deletion.sendgrid.transport import Call, Transport

PART_MEGABYTES = 500
"""Of a part of an export, so that one invocation copies it in time (Twilio docs: 5,000 is the default)."""

READY = "ready"


@dataclass(frozen=True)
class Export:
    """An export as SendGrid tells of it.

    `urls` are links that open the files for whoever has them, until `expires_at`; they are for no log.

    `contact_count` is None where SendGrid does not tell it; `message` is SendGrid's, redacted.
    """

    status: str
    urls: tuple[str, ...] = field(default=(), repr=False)
    expires_at: datetime | None = None
    contact_count: int | None = None
    message: str = ""

    @property
    def ready(self) -> bool:
        """`ready` is documented. What ends like another job is ready where it has links."""
        return self.status == READY or (is_completion(self.status) and bool(self.urls))

    @property
    def failed(self) -> bool:
        """`failure` is documented; `failed` was observed."""
        return is_failure(self.status)


class ExportClient(Transport):
    """The calls for one account. Every method raises what Transport says."""

    def start_export(self, deadline: Deadline) -> str:
        """Asks for an export of every contact and gives its id."""
        body = {"file_type": "csv", "max_file_size": PART_MEGABYTES}
        return export_id(
            self._rate_limited_request(Call("POST", f"{self._contacts}/exports", body), "exports", deadline)
        )

    def export(self, export_id: str, deadline: Deadline) -> Export:
        """How an export stands."""
        return export(
            self._rate_limited_request(
                Call("GET", f"{self._contacts}/exports/{export_id}", is_repeatable=True), "export", deadline
            )
        )


def export_id(body: bytes | None) -> str:
    """The export that a 202 names. Raises SendGridUnavailable where there is none."""
    found = responses.json_object(body).get("id")
    if not isinstance(found, str) or not RESOURCE_ID.fullmatch(found):
        raise SendGridUnavailable("SendGrid accepted the export but named no usable id")
    return found


def export(body: bytes | None) -> Export:
    """How an export stands. Raises SendGridUnavailable where the answer is not about an export."""
    found = responses.json_object(body)
    if not found:
        raise SendGridUnavailable("SendGrid answered an export's status with something that is none")
    urls = found.get("urls")
    message = found.get("message")
    return Export(
        responses.status_word(found),
        urls=tuple(map(str, urls)) if isinstance(urls, list) else (),
        expires_at=_moment(found.get("expires_at")),
        contact_count=responses.count(found, "contact_count"),
        message=redact(message) if isinstance(message, str) else "",
    )


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
