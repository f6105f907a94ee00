"""An export of contacts, as SendGrid tells of it (Twilio docs: Export Contacts Status)."""

from dataclasses import dataclass, field
from datetime import datetime

READY = "ready"

_FAILURES = ("fail", "error")
"""The documents say `failure`; `failed` was seen."""


@dataclass(frozen=True)
class Export:
    """`urls` are links that open the files for whoever has them, until `expires_at`; they are for no log.

    `contact_count` is None where SendGrid does not tell it; `message` is SendGrid's, redacted.
    """

    status: str
    urls: tuple[str, ...] = field(default=(), repr=False)
    expires_at: datetime | None = None
    contact_count: int | None = None
    message: str = ""

    @property
    def ready(self) -> bool:
        return self.status == READY

    @property
    def failed(self) -> bool:
        return self.status.startswith(_FAILURES)
