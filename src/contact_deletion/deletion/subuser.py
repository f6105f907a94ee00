"""Proves that calls for a subuser work on the subuser's account."""

from contact_deletion.deadline import Deadline
from contact_deletion.errors import DeleteAllRefused
from contact_deletion.sendgrid.client import SendGridClient


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
