"""Looks up the contacts of requests whose jobs leave the outcome in doubt."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from contact_deletion.deadline import Deadline
from contact_deletion.errors import ContactNotFound, Deferred, OutcomeUnknown, SendGridRefused
from contact_deletion.outcomes import ContactGroup
from contact_deletion.requests.identifiers import held_identifiers
from contact_deletion.requests.status_check import TrackedIdentifier, TrackedRequest
from contact_deletion.sendgrid.ask_each import ask_each
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.existence import Existence
from contact_deletion.sendgrid.existence import look_up as look_up_contacts
from contact_deletion.sendgrid.jobs import Job

RemainingIdentifiers = dict[TrackedIdentifier, bool | Deferred | None]


def look_up_identifiers(
    client: SendGridClient, identifiers: Iterable[TrackedIdentifier], deadline: Deadline
) -> RemainingIdentifiers:
    """Looks up each identifier once: whether it remains, None where SendGrid refused, or why the lookup failed."""

    def remains(identifier: TrackedIdentifier) -> bool | None:
        try:
            contact = client.contact(identifier.contact_id, deadline)
        except ContactNotFound:
            return False
        except SendGridRefused:
            return None
        return identifier.identifier_type in held_identifiers(contact)

    return ask_each(dict.fromkeys(identifiers), remains)


class Verification(StrEnum):
    """When contacts are looked up at the end of a deletion."""

    ON_ERROR = "on-error"
    ALWAYS = "always"
    NEVER = "never"

    def is_in_doubt(self, request: TrackedRequest, jobs: Sequence[Job]) -> bool:
        """Whether the request's contacts have to be looked up, once its jobs are not pending any more."""
        if self is Verification.NEVER:
            return False
        if request.deletes_all:
            return not _all_deleted(request, jobs)
        if not request.contact_ids and request.identifier is None:
            return False
        if request.error is not None:
            return bool(jobs) or isinstance(request.error, OutcomeUnknown)
        return self is Verification.ALWAYS or not all(job.completed and job.counts_match for job in jobs)


class Finding(NamedTuple):
    """The result of looking up a request's contacts.

    `remaining` are those that exist, `unchecked` those that SendGrid refused to look up. The contact of a removed
    identifier is remaining as long as it has an identifier of the type.
    """

    remaining: ContactGroup
    unchecked: ContactGroup | None = None


class Findings:
    """The results for all requests of an invocation.

    `contact_count` is the account's: a number, the error of its lookup, or None where no request needs it.
    """

    def __init__(
        self,
        existence: Existence,
        remaining_identifiers: RemainingIdentifiers,
        contact_count: int | SendGridRefused | Deferred | None,
    ) -> None:
        self._existence = existence
        self._remaining_identifiers = remaining_identifiers
        self._contact_count = contact_count

    def of(self, request: TrackedRequest, *, is_last: bool) -> Finding:
        """The finding of a request that was looked up. Raises the Deferred of a lookup that failed.

        When this `is_last`, contacts for which there was no time are unchecked: the next invocation has no more.
        """
        if request.deletes_all:
            return self._of_account(request)
        if request.identifier is not None:
            return self._of_identifier(request.identifier)
        ids = frozenset(request.contact_ids)
        no_time = self._existence.out_of_time if is_last else self._existence.undivided
        unchecked = ids & (self._existence.unchecked | no_time)
        self._existence.require(ids - unchecked)
        return Finding(
            ContactGroup.of(ids & self._existence.found), ContactGroup.of(unchecked) if unchecked else None
        )

    def _of_identifier(self, identifier: TrackedIdentifier) -> Finding:
        remains = self._remaining_identifiers[identifier]
        if isinstance(remains, Deferred):
            raise remains
        contact = ContactGroup.of([identifier.contact_id])
        nothing = ContactGroup(0)
        return Finding(nothing, contact) if remains is None else Finding(contact if remains else nothing)

    def _of_account(self, request: TrackedRequest) -> Finding:
        if isinstance(self._contact_count, Deferred):
            raise self._contact_count
        if isinstance(self._contact_count, int):
            return Finding(ContactGroup(self._contact_count))
        return Finding(ContactGroup(0), ContactGroup(request.contact_count or 0))


def look_up(client: SendGridClient, requests: Sequence[TrackedRequest], deadline: Deadline) -> Findings:
    """Looks up each contact once, however many requests name it."""
    contact_count: int | SendGridRefused | Deferred | None = None
    if any(request.deletes_all for request in requests):
        try:
            contact_count = client.contact_count(deadline)
        except (SendGridRefused, Deferred) as error:
            contact_count = error
    named = (contact_id for request in requests for contact_id in request.contact_ids)
    removed = (request.identifier for request in requests if request.identifier is not None)
    return Findings(
        look_up_contacts(client, named, deadline),
        look_up_identifiers(client, removed, deadline),
        contact_count,
    )


def _all_deleted(request: TrackedRequest, jobs: Sequence[Job]) -> bool:
    """Whether the jobs of a delete-all report that they deleted every contact that the account had.

    Where SendGrid reports no count, the contacts are counted: it is one call for a whole account.
    """
    deleted = sum(job.deleted_count or 0 for job in jobs)
    return all(
        job.completed and job.counts_match and job.deleted_count is not None for job in jobs
    ) and deleted >= (request.contact_count or 0)
