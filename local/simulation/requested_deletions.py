"""Whether each deletion was requested, and is done once (I2, I3 and half of I4)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.simulation.accepted_contacts import AcceptedContacts
from local.simulation.producers import ACCEPTED, Sent
from local.simulation.queue_functions import FED
from local.simulation.sendgrid import SendGrid
from local.simulation.time import Time
from local.simulation.wire import Invocation

MAX_AGE_SECONDS = 900


class RequestedDeletions:
    """Judges each deletion before SendGrid carries it out. `sent` are the requests, by serial number."""

    def __init__(
        self, sent: Mapping[str, Sent], sendgrid: SendGrid, accepted_contacts: AcceptedContacts, time: Time
    ) -> None:
        self._sent = sent
        self._sendgrid = sendgrid
        self._accepted_contacts = accepted_contacts
        self._time = time
        self._delete_alls: Counter[str] = Counter()
        self.violations: list[str] = []

    def judge(self, invocation: Invocation, kind: str, what: Any) -> None:
        """A deletion is one that a message of the batch asked for, and was not done before."""
        named = [self._sent[serial] for serial in invocation.batch if serial not in invocation.done_before]
        asking = [sent for sent in named if sent.payload is not None]
        if kind == "ids":
            allowed = {
                contact_id
                for sent in asking
                if sent.function == "BulkDelete"
                for contact_id in sent.contact_ids
            }
            self._accepted_contacts.deleting(invocation, what)
            if not what or not allowed.issuperset(what):
                self.violations.append(f"contacts deleted that no unfinished request named: {what}")
        elif kind == "identifier":
            if not any(_requests_removal(sent, *what) for sent in asking):
                self.violations.append(f"an identifier removed that no unfinished request named: {what}")
        else:
            self._all_contacts(asking)

    def _all_contacts(self, asking: list[Sent]) -> None:
        if len(asking) != 1 or asking[0].function != "DeleteAll":
            self.violations.append(f"a delete-all without a request: {asking}")
            return
        request = asking[0].payload
        self._delete_alls[request["request_id"]] += 1
        if self._delete_alls[request["request_id"]] > 1:
            self.violations.append(f"a second delete-all for {request['request_id']}")
        self._sendgrid.delete_alls.setdefault(request["request_id"], self._sendgrid.everything())
        if self._sendgrid.contact_count() > request["max_contacts"]:
            self.violations.append(f"a delete-all of more contacts than allowed: {request}")
        age = self._time() - FED["DeleteAll"].parse(request).requested_at.timestamp()
        if asking[0].ends.isdisjoint(ACCEPTED) or not -60 <= age <= MAX_AGE_SECONDS + 1:
            self.violations.append(f"a delete-all outside its guards, {age:.0f} seconds old: {request}")


def _requests_removal(sent: Sent, contact_id: str, kind: str, value: str) -> bool:
    asked = sent.payload
    return (
        sent.function == "RemoveIdentifier"
        and asked["contact_id"] == contact_id
        and asked["identifier_type"] == kind
        and asked["identifier_value"].lower() == value.lower()
    )
