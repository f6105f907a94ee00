"""Upserts: contacts that are added, or merged into those that have the same identifiers.

Documented: a contact is found by any of its identifiers; all identifiers that it has must be given to update it; fields
that are left out stay as they are.

Undocumented, and decided so: a contact whose identifiers are not all given, or differ, is not updated and counts as
errored, and so does one whose identifiers belong to several contacts; alternate addresses identify no contact; those
that are given replace the old ones; custom fields are merged one by one; lists are added; a contact that is given twice
is created, then updated; an update that changes nothing counts.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from local.sendgrid_double.contacts import IDENTIFIER_FIELDS, Contact, IdentifierType

Identifiers = Mapping[IdentifierType, str]


@dataclass(frozen=True, slots=True)
class ContactUpsert:
    """One contact of an upsert; it has at least one identifier. E-mail addresses are in lower case."""

    identifiers: Identifiers
    details: Mapping[str, str] = field(default_factory=dict)
    alternate_emails: tuple[str, ...] | None = None
    custom_fields: Mapping[str, object] = field(default_factory=dict)

    def conflicts_with(self, contact: Contact) -> bool:
        """Whether the contact has an identifier that is not given here, or another value of one that is."""
        return any(self.identifiers.get(kind) != value for kind, value in contact.identifiers.items())

    def merged_into(self, contact: Contact, list_ids: Iterable[str], at: float) -> Contact:
        changes: dict[str, Any] = {IDENTIFIER_FIELDS[kind]: value for kind, value in self.identifiers.items()}
        if self.alternate_emails is not None:
            changes["alternate_emails"] = self.alternate_emails
        return replace(
            contact,
            **changes,
            updated_at=at,
            list_ids=tuple(dict.fromkeys((*contact.list_ids, *list_ids))),
            details={**contact.details, **self.details},
            custom_fields={**contact.custom_fields, **self.custom_fields},
        )


@dataclass(slots=True)
class UpsertCounts:
    """What an upsert did. `contact_ids` are the contacts that it created or updated, each once."""

    created: int = 0
    updated: int = 0
    errored: int = 0
    contact_ids: tuple[str, ...] = ()


def upsert(
    contacts: MutableMapping[str, Contact],
    upserts: Sequence[ContactUpsert],
    list_ids: Iterable[str],
    at: float,
) -> UpsertCounts:
    """Creates and updates `contacts`, by id, in the order of the upserts."""
    counts = UpsertCounts()
    touched: dict[str, None] = {}
    index = _index(contacts.values(), upserts)
    for wanted in upserts:
        found = {index[key] for key in wanted.identifiers.items() if key in index}
        if len(found) > 1 or any(wanted.conflicts_with(contacts[contact_id]) for contact_id in found):
            counts.errored += 1
            continue
        counts.created += not found
        counts.updated += len(found)
        contact_id = next(iter(found), None) or str(uuid4())
        contact = contacts.get(contact_id) or Contact(contact_id, at, at)
        contacts[contact_id] = wanted.merged_into(contact, list_ids, at)
        index.update(dict.fromkeys(wanted.identifiers.items(), contact_id))
        touched[contact_id] = None
    counts.contact_ids = tuple(touched)
    return counts


def _index(
    contacts: Iterable[Contact], upserts: Iterable[ContactUpsert]
) -> dict[tuple[IdentifierType, str], str]:
    """For each identifier of the upserts the id of the contact that has it, the oldest if there are several."""
    wanted = {key for upsert in upserts for key in upsert.identifiers.items()}
    index: dict[tuple[IdentifierType, str], str] = {}
    for contact in contacts:
        for kind, name in IDENTIFIER_FIELDS.items():
            key = kind, getattr(contact, name)
            if key in wanted:
                index.setdefault(key, contact.id)
    return index
