"""Whether what is reported of a request agrees with SendGrid's state at that moment (I6)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contact_deletion.requests.identifier_removal import CONTACT_FIELDS, IdentifierType
from tests.soak.cases import Case, Violation
from tests.soak.producers import Sent
from tests.soak.sendgrid import SendGrid
from tests.soak.time import Time
from tests.soak.wire import Invocation

UNDETERMINED = frozenset({"DeleteAllUnconfirmed", "DeletionUntracked", "OutcomeUnknown"})
"""Codes that claim neither that contacts are gone nor that they remain."""

GIVEN_UP_SECONDS = 24 * 3600.0


class Truth:
    """Judges each outcome event when it is put. `verdicts` counts what was claimed, `violations` what was untrue."""

    def __init__(self, sendgrid: SendGrid, time: Time) -> None:
        self._sendgrid = sendgrid
        self._time = time
        self.verdicts: Counter[str] = Counter()
        self.violations: list[Violation] = []

    def judge(self, kind: str, detail: dict[str, Any], sent: Sent, invocation: Invocation) -> None:
        """`kind` is the detail-type's last word, `invocation` the one that puts the event."""
        found = [] if sent.payload is None else list(self._untruths(kind, detail, sent, invocation))
        claim = _claim(kind, detail["code"])
        is_open = detail["code"] in UNDETERMINED
        verdict = "untrue" if found else "undetermined" if is_open else "true"
        self.verdicts[f"{verdict}: {claim}"] += 1
        self.violations += [
            Violation(f"message {sent.serial} is {claim}, but {one.text}: {detail}", one.causes)
            for one in found
        ]

    def _untruths(
        self, kind: str, detail: dict[str, Any], sent: Sent, invocation: Invocation
    ) -> Iterator[Violation]:
        judges = {
            "BulkDelete": self._of_contacts,
            "RemoveIdentifier": self._of_an_identifier,
            "DeleteAll": self._of_everything,
        }
        yield from judges[sent.function](kind, detail, sent.payload, invocation)

    def _of_contacts(
        self, kind: str, detail: dict[str, Any], payload: Any, invocation: Invocation
    ) -> Iterator[Violation]:
        present = {one for one in payload["contact_ids"] if one in self._sendgrid.account}
        if kind == "Completed" and present:
            yield _because(f"{len(present)} of its contacts remain", Case.REFUSED_LOOK_UP)
        if kind != "Failed" or detail["code"] in UNDETERMINED:
            return
        remaining = detail.get("remaining_contacts")
        if remaining is None:
            yield _because("it does not say what remains", Case.REFUSED_LOOK_UP)
            return
        named, unchecked = set(remaining["contact_ids"]), _listed(detail["unchecked_contacts"])
        is_partial = remaining.get("truncated")
        if not remaining["count"]:
            causes = Case.SHARED_JOB, Case.STRAY_STATUS, Case.FORGOTTEN_JOB
            yield _because("none of its contacts remains", *causes)
        elif not named <= present | invocation.shown:
            yield _because("it names contacts that SendGrid does not show")
        elif not is_partial and not present <= named | unchecked:
            yield _because("it does not name all that remain")
        elif unchecked and not self._sendgrid.unreadable_ids:
            yield _because("it does not say of contacts whether they remain, and each can be looked up")
        yield from self._premature(detail)

    def _of_an_identifier(
        self, kind: str, detail: dict[str, Any], payload: Any, invocation: Invocation
    ) -> Iterator[Violation]:
        contact = self._sendgrid.account.contact(payload["contact_id"])
        field = CONTACT_FIELDS[IdentifierType(payload["identifier_type"])]
        is_there = contact is not None and getattr(contact, field) == _stored(payload)
        was_shown = (payload["contact_id"], field) in invocation.shown_identifiers
        if kind == "Completed" and is_there:
            yield _because("the contact has the identifier", Case.IDENTIFIER_LEFT)
        if kind == "Failed" and detail["code"] not in UNDETERMINED:
            if not is_there and not was_shown:
                yield _because("the identifier is gone", Case.REMOVED_BEFORE)
            yield from self._premature(detail)
        if detail["code"] == "ContactNotFound" and contact is not None:
            yield _because("the contact exists")

    def _of_everything(
        self, kind: str, detail: dict[str, Any], payload: Any, _: Invocation
    ) -> Iterator[Violation]:
        named = self._sendgrid.delete_alls.get(payload["request_id"])
        if detail["code"] == "DeleteAllRefused" and named is not None:
            yield _because("it was carried out", Case.DELETE_ALL_ERROR)
        if kind == "Completed" and not (named or frozenset()).isdisjoint(self._sendgrid.everything()):
            yield _because("contacts of then remain", Case.DELETE_ALL_LEFT)
        if kind == "Failed" and detail["code"] not in UNDETERMINED:
            if not self._sendgrid.everything():
                yield _because("no contact remains", Case.DELETE_ALL_LEFT)
            yield from self._premature(detail)

    def _premature(self, detail: dict[str, Any]) -> Iterator[Violation]:
        """A job that SendGrid is about to run may still succeed."""
        for job_id in detail["job_ids"]:
            job = self._sendgrid.account.job(job_id)
            if (
                job is not None
                and job.status == "pending"
                and self._time() - job.started_at < GIVEN_UP_SECONDS
            ):
                yield _because(f"its job {job_id} is pending", Case.STRAY_STATUS, Case.FORGOTTEN_JOB)


def _listed(contacts: Any) -> set[str]:
    return set(contacts["contact_ids"]) if contacts else set()


def _because(text: str, *causes: Case) -> Violation:
    return Violation(text, frozenset(causes))


def _claim(kind: str, code: str | None) -> str:
    return f"{kind} {code}" if code else kind


def _stored(payload: Any) -> str:
    value: str = payload["identifier_value"]
    return value.lower() if payload["identifier_type"] == "EMAIL" else value
