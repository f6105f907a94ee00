"""What must be true before every contact of an account is deleted. Each guard raises DeleteAllRefused."""

from contact_deletion.errors import DeleteAllRefused
from contact_deletion.request.delete_all import DeleteAll

CONFIRMATION = "Delete All Contacts"
"""What SendGrid's own console asks a person to type (Twilio docs: Create and Manage Contacts)."""

CLOCK_SKEW_SECONDS = 60


def check_enabled(enabled: bool) -> None:
    if not enabled:
        raise DeleteAllRefused("delete-all is switched off in this deployment (DELETE_ALL_ENABLED)")


def check_confirmation(request: DeleteAll) -> None:
    if request.confirm != CONFIRMATION:
        raise DeleteAllRefused(f"confirm must be the phrase '{CONFIRMATION}'")


def check_age(request: DeleteAll, now: float, max_age_seconds: int) -> None:
    """A message that was delayed or redriven must not fire late: it would delete what was imported since."""
    age = now - request.requested_at.timestamp()
    if age > max_age_seconds:
        raise DeleteAllRefused(f"requested_at is more than {max_age_seconds} seconds ago")
    if age < -CLOCK_SKEW_SECONDS:
        raise DeleteAllRefused("requested_at is in the future")


def check_ceiling(request: DeleteAll, contact_count: int) -> None:
    if contact_count > request.max_contacts:
        raise DeleteAllRefused(f"the account has {contact_count} contacts, more than max_contacts")
