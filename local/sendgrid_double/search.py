"""Contacts by what identifies them. Where several contacts have the same value, the oldest is found."""

from collections.abc import Collection, Iterable

from local.sendgrid_double.contacts import IDENTIFIER_FIELDS, Contact, IdentifierType


def by_identifier(
    contacts: Iterable[Contact], kind: IdentifierType, values: Collection[str]
) -> dict[str, Contact]:
    """The contacts that have one of these identifiers, by its value."""
    wanted, name, found = set(values), IDENTIFIER_FIELDS[kind], dict[str, Contact]()
    for contact in contacts:
        value = getattr(contact, name)
        if value in wanted:
            found.setdefault(value, contact)
    return found


def by_email(contacts: Collection[Contact], emails: Collection[str]) -> dict[str, Contact]:
    """The contacts that have one of these as primary or alternate address, by address; a primary one goes first."""
    wanted, alternates = set(emails), dict[str, Contact]()
    for contact in contacts:
        for address in contact.alternate_emails:
            if address in wanted:
                alternates.setdefault(address, contact)
    return alternates | by_identifier(contacts, "EMAIL", emails)
