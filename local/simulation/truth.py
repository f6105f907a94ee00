"""Whether what is reported of a request agrees with SendGrid's state at that moment (I6)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contact_deletion.requests.identifiers import CONTACT_FIELDS, IdentifierType
from local.simulation.producers import Sent
from local.simulation.sendgrid import SendGrid
from local.simulation.time import Time
from local.simulation.wire import Invocation

UNDETERMINED = frozenset({"DeleteAllUnconfirmed", "DeletionUntracked", "OutcomeUnknown"})
"""Codes that claim neither that contacts are gone nor that they remain."""

GIVEN_UP_SECONDS = 24 * 3600.0


class Truth:
    """Judges each outcome event when it is put. `verdicts` counts what was claimed, `violations` what was untrue."""

    def __init__(self, sendgrid: SendGrid, time: Time) -> None:
        self._sendgrid = sendgrid
        self._time = time
        self.verdicts: Counter[str] = Counter()
        self.violations: list[str] = []

    def judge(self, kind: str, detail: dict[str, Any], sent: Sent, invocation: Invocation) -> None:
        """`kind` is the detail-type's last word, `invocation` the one that puts the event."""
        found = [] if sent.payload is None else list(self._untruths(kind, detail, sent, invocation))
        claim = _claim(kind, detail["code"])
        is_open = detail["code"] in UNDETERMINED
        verdict = "untrue" if found else "undetermined" if is_open else "true"
        self.verdicts[f"{verdict}: {claim}"] += 1
        self.violations += [f"message {sent.serial} is {claim}, but {text}: {detail}" for text in found]

    def _untruths(
        self, kind: str, detail: dict[str, Any], sent: Sent, invocation: Invocation
    ) -> Iterator[str]:
        if sent.function == "BulkDelete":
            yield from self._of_contacts(kind, detail, sent, invocation)
            return
        judges = {
            "RemoveIdentifier": self._of_an_identifier,
            "DeleteAll": self._of_everything,
        }
        yield from judges[sent.function](kind, detail, sent.payload, invocation)

    def _of_contacts(
        self, kind: str, detail: dict[str, Any], sent: Sent, invocation: Invocation
    ) -> Iterator[str]:
        present = {contact_id for contact_id in sent.contact_ids if contact_id in self._sendgrid.account}
        if kind != "Rejected" and sent.by_identifiers:
            counts = detail["identifiers"]
            refused = [value == "" or value.endswith("@host") for value in sent.payload["identifier_values"]]
            positions = [position for position, is_refused in enumerate(refused) if is_refused]
            known = sum(counts[name] for name in ("found", "not_found", "alternate_email_matches"))
            if counts["invalid_positions"] != positions or known + counts["invalid"] != len(refused):
                yield "it counts its identifiers wrongly"
        if kind == "Completed" and present:
            yield f"{len(present)} of its contacts remain"
        if kind != "Failed" or detail["code"] in UNDETERMINED:
            return
        remaining = detail.get("remaining_contacts")
        if remaining is None:
            yield "it does not say what remains"
            return
        named, unchecked = set(remaining["contact_ids"]), _listed(detail["unchecked_contacts"])
        is_partial = remaining["truncated"] or (detail["unchecked_contacts"] or {}).get("truncated")
        if not remaining["count"]:
            yield "none of its contacts remains"
        elif not named <= present | invocation.shown:
            yield "it names contacts that SendGrid does not show"
        elif not is_partial and not present <= named | unchecked:
            yield "it does not name all that remain"
        elif unchecked and not self._sendgrid.unreadable_ids:
            yield "it does not say of contacts whether they remain, and each can be looked up"
        yield from self._premature(detail)

    def _of_an_identifier(
        self, kind: str, detail: dict[str, Any], payload: Any, invocation: Invocation
    ) -> Iterator[str]:
        contact = self._sendgrid.account.contact(payload["contact_id"])
        field = CONTACT_FIELDS[IdentifierType(payload["identifier_type"])]
        is_there = contact is not None and getattr(contact, field) == _stored(payload)
        was_shown = (payload["contact_id"], field) in invocation.shown_identifiers
        if kind == "Completed" and is_there:
            yield "the contact has the identifier"
        if kind == "Failed" and detail["code"] not in UNDETERMINED:
            if not is_there and not was_shown:
                yield "the identifier is gone"
            yield from self._premature(detail)
        if detail["code"] == "ContactNotFound" and contact is not None:
            yield "the contact exists"

    def _of_everything(self, kind: str, detail: dict[str, Any], payload: Any, _: Invocation) -> Iterator[str]:
        named = self._sendgrid.delete_alls.get(payload["request_id"])
        if detail["code"] == "DeleteAllRefused" and named is not None:
            yield "it was carried out"
        if kind == "Completed" and not (named or frozenset()).isdisjoint(self._sendgrid.everything()):
            yield "contacts of then remain"
        if kind == "Failed" and detail["code"] not in UNDETERMINED:
            if not self._sendgrid.everything():
                yield "no contact remains"
            yield from self._premature(detail)

    def _premature(self, detail: dict[str, Any]) -> Iterator[str]:
        """A job that SendGrid is about to run may still succeed."""
        for job_id in detail["job_ids"]:
            job = self._sendgrid.account.job(job_id)
            if (
                job is not None
                and job.status == "pending"
                and self._time() - job.started_at < GIVEN_UP_SECONDS
            ):
                yield f"its job {job_id} is pending"


def _listed(contacts: Any) -> set[str]:
    return set(contacts["contact_ids"]) if contacts else set()


def _claim(kind: str, code: str | None) -> str:
    return f"{kind} {code}" if code else kind


def _stored(payload: Any) -> str:
    value: str = payload["identifier_value"]
    return value.lower() if payload["identifier_type"] == "EMAIL" else value
