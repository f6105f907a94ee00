"""The guards of a delete-all. Each raises DeleteAllRefused."""

from contact_deletion.deadline import Deadline
from contact_deletion.errors import DeleteAllRefused
from contact_deletion.requests.account_deletion import DeleteAll
from contact_deletion.sendgrid.client import SendGridClient

# What SendGrid's own console asks a person to type (Twilio docs: Create and Manage Contacts).
CONFIRMATION = "Delete All Contacts"

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


def check_subuser(client: SendGridClient, deadline: Deadline) -> None:
    """Raises DeleteAllRefused where On-Behalf-Of may have no effect, and what the client raises.

    Where SendGrid ignores the header, the parent account answers (sendgrid/docs#3751), and a delete-all would delete
    the parent's contacts. A contact belongs to one account, so there are two accounts where one lacks every contact
    that the other was seen to have, and still has afterwards. Counts would prove less: two accounts may have equally
    many contacts, and one account may have more at its second count.
    """
    if not client.is_for_subuser:
        return
    # A subuser without contacts is known by those of its parent.
    for as_parent in (False, True):
        contacts = client.sampled_contacts(deadline, as_parent=as_parent)
        if (
            contacts
            and not client.existing_contacts(contacts, deadline, as_parent=not as_parent)
            and client.existing_contacts(contacts, deadline, as_parent=as_parent) == contacts
        ):
            return
    raise DeleteAllRefused(
        "SendGrid shows the same contacts, or none, with and without SENDGRID_ON_BEHALF_OF, so the parent's might be "
        "deleted; check the subuser's name, or use an API key of the subuser's own"
    )
