"""SendGrid's Marketing contacts API: the three deletions, and the lookups that guard and confirm them."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from contact_deletion.deadline import Deadline
from contact_deletion.errors import ContactNotFound, RateLimited, SendGridRefused, SendGridUnavailable
from contact_deletion.requests.identifiers import CONTACT_FIELDS, IdentifierType
from contact_deletion.sendgrid import responses
from contact_deletion.sendgrid.jobs import UNKNOWN, Job
from contact_deletion.sendgrid.rate_limit import RateLimit
from contact_deletion.sendgrid.transport import Call, Transport

if TYPE_CHECKING:
    from contact_deletion.requests.backups import ContactSource

# The comma as Twilio's own samples send it.
IDS_SEPARATOR = "%2C"

# Contacts that one batch lookup may name (Twilio docs: Get Batched Contacts by IDs).
MAX_LOOKED_UP = 100

# A hundred contacts with all their custom fields.
_MAX_LOOK_UP_BYTES = 16 * 1024 * 1024


class SourceCount(NamedTuple):
    """The number of a source's contacts. That of a segment is as old as its sample, taken at `sampled_at`.

    `sampled_at` is in seconds since the epoch, and None where SendGrid does not report it.
    """

    contact_count: int
    sampled_at: float | None = None


class SendGridClient(Transport):
    """The calls for one account. Every method raises the errors of Transport."""

    @property
    def deletion_limit(self) -> RateLimit:
        """The rate limit of `DELETE /v3/marketing/contacts`."""
        return self._limits["DELETE contacts"]

    def ids_target(self, contact_ids: Sequence[str]) -> str:
        """The request target that deletes these contacts, as it is in the request line."""
        if not contact_ids:
            raise ValueError("a deletion by ids needs at least one id")
        return f"{self._contacts}?ids={IDS_SEPARATOR.join(contact_ids)}"

    def delete_contacts(self, contact_ids: Sequence[str]) -> str:
        """Starts the deletion of these contacts, and returns the job's ID. The caller observes `deletion_limit`."""
        target = self.ids_target(contact_ids)
        return responses.job_id(self._call(Call("DELETE", target, is_repeatable=True), self.deletion_limit))

    def delete_all_contacts(self) -> str:
        """Starts the deletion of every contact, and returns the job's ID.

        There is one attempt, which never waits; it is repeated only with a renewed key. Nothing is deleted where it
        raises any error but a SendGridUnavailable that is `maybe_received`.
        """
        limit = self.deletion_limit
        if not limit.try_acquire():
            raise RateLimited("the rate limit is spent", retry_after=limit.seconds_until_reset())
        target = f"{self._contacts}?delete_all_contacts=true"
        return responses.job_id(self._call(Call("DELETE", target, at_most_once=True), limit))

    def delete_identifier(
        self, contact_id: str, identifier_type: IdentifierType, identifier_value: str, deadline: Deadline
    ) -> str:
        """Starts the removal of one identifier, and returns the job's ID. The value never appears in an error."""
        call = Call(
            "DELETE",
            f"{self._contacts}/{contact_id}/identifiers",
            {"identifier_type": str(identifier_type), "identifier_value": identifier_value},
            personal_values=[identifier_value],
        )
        return responses.job_id(self._rate_limited_request(call, "identifiers", deadline))

    def contact(self, contact_id: str, deadline: Deadline) -> dict[str, Any]:
        """The contact as SendGrid has it. Raises ContactNotFound where it does not exist."""
        try:
            found = responses.json_object(
                self._rate_limited_request(
                    Call("GET", f"{self._contacts}/{contact_id}", is_repeatable=True), "contact", deadline
                )
            )
        except SendGridRefused as refused:
            if refused.status == 404:
                raise ContactNotFound("SendGrid has no contact with this contact_id") from None
            raise
        if str(found.get("id", "")).lower() != contact_id:
            raise SendGridUnavailable("SendGrid's response to the lookup is not the contact")
        return found

    def contact_count(self, deadline: Deadline) -> int:
        """How many contacts the account has."""
        return _count(self._get(f"{self._contacts}/count", "count", deadline), "contact_count")

    def source_count(self, source: "ContactSource", deadline: Deadline) -> SourceCount:
        """How many contacts the list, the segment or the account has.

        Twilio docs: Get a List Contact Count, Get Segment by ID of Segmenting Contacts V2.
        """
        if source.list_id is not None:
            target = f"{self._marketing}/lists/{source.list_id}/contacts/count"
            return SourceCount(_count(self._get(target, "list count", deadline), "contact_count"))
        if source.segment_id is not None:
            target = f"{self._marketing}/segments/2.0/{source.segment_id}"
            found = self._get(target, "segment", deadline)
            sampled_at = responses.timestamp_or_none(found.get("sample_updated_at"))
            return SourceCount(_count(found, "contacts_count"), sampled_at)
        return SourceCount(self.contact_count(deadline))

    @property
    def job_limit(self) -> RateLimit:
        """The rate limit of `GET /v3/marketing/contacts/imports/{job_id}`."""
        return self._limits["GET imports"]

    def job(self, job_id: str) -> Job:
        """The status of a deletion job (Twilio docs: Import Contacts Status). The caller observes `job_limit`."""
        target = f"{self._contacts}/imports/{job_id}"
        try:
            body = self._call(Call("GET", target, is_repeatable=True), self.job_limit)
        except SendGridRefused:
            return Job(job_id, UNKNOWN)
        return responses.job(job_id, body)

    @property
    def is_for_subuser(self) -> bool:
        return bool(self._on_behalf_of)

    def sampled_contacts(self, deadline: Deadline, *, as_parent: bool = False) -> frozenset[str]:
        """The IDs of up to 50 of the most recent contacts (Twilio docs: Get Sample Contacts)."""
        call = Call(
            "GET",
            self._contacts,
            max_body_bytes=_MAX_LOOK_UP_BYTES,
            as_parent=as_parent,
            is_repeatable=True,
        )
        return responses.contact_ids(self._rate_limited_request(call, "contacts", deadline))

    def existing_contacts(
        self, contact_ids: Collection[str], deadline: Deadline, *, as_parent: bool = False
    ) -> frozenset[str]:
        """Those of at most 100 contacts that exist.

        The response is not documented for the case that no contact exists. A 404, as from the lookup by address, is
        taken to mean that.
        """
        call = Call(
            "POST",
            f"{self._contacts}/batch",
            {"ids": list(contact_ids)},
            max_body_bytes=_MAX_LOOK_UP_BYTES,
            as_parent=as_parent,
            is_repeatable=True,
        )
        found = self._unless_none_exists(call, "batch", deadline)
        return frozenset() if found is None else responses.contact_ids(found) & frozenset(contact_ids)

    def search_identifiers(
        self, identifier_type: IdentifierType, values: Sequence[str], deadline: Deadline
    ) -> dict[str, dict[str, Any]] | None:
        """What SendGrid has for at most 100 identifiers of one type, by identifier; None where no contact has one.

        The entry of an identifier has its `contact`, or an `error` (Twilio docs: Get Contacts by Identifiers). Nothing
        is said there of alternate addresses.
        """
        field = CONTACT_FIELDS[identifier_type]
        return self._search(f"identifiers/{field}", "identifiers", values, deadline)

    def search_emails(self, addresses: Sequence[str], deadline: Deadline) -> dict[str, dict[str, Any]] | None:
        """The same for addresses of at most 100 characters, alternate ones too (Twilio docs: Get Contacts by Email)."""
        return self._search("emails", "emails", addresses, deadline)

    def _search(
        self, path: str, field: str, values: Sequence[str], deadline: Deadline
    ) -> dict[str, dict[str, Any]] | None:
        call = Call(
            "POST",
            f"{self._contacts}/search/{path}",
            {field: list(values)},
            personal_values=values,
            max_body_bytes=_MAX_LOOK_UP_BYTES,
            is_repeatable=True,
            may_be_refused_barely=True,
        )
        found = self._unless_none_exists(call, f"search/{field}", deadline)
        return None if found is None else responses.search_entries(found)

    def _unless_none_exists(self, call: Call, endpoint: str, deadline: Deadline) -> bytes | None:
        """The body of the response to a lookup, or None where a 404 says that none of the contacts exists.

        Another call must have shown that the base URL leads to SendGrid.
        """
        try:
            return self._rate_limited_request(call, endpoint, deadline) or b""
        except SendGridRefused as refused:
            if refused.status != 404:
                raise
        if not self._has_been_answered:
            self.contact_count(deadline)
        return None

    def _get(self, target: str, endpoint: str, deadline: Deadline) -> dict[str, Any]:
        return responses.json_object(
            self._rate_limited_request(Call("GET", target, is_repeatable=True), endpoint, deadline)
        )


def _count(found: dict[str, Any], name: str) -> int:
    count = responses.count(found, name)
    if count is None:
        raise SendGridUnavailable("SendGrid's contact count response has no count")
    return count
