"""Messages as producers send them, right and wrong, and how each may end."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contact_deletion.ledger.store import Stores, payload_of
from local.simulation.cases import Case
from local.simulation.chance import Chance
from local.simulation.queue_functions import DELETERS
from local.simulation.secrets import Secrets
from local.simulation.sendgrid import SendGrid
from local.simulation.time import Time

CONFIRMATION = "Delete All Contacts"
MAX_CONTACTS = 10_000_000

COMPLETED = "completed"
FAILED = "failed"
# What the event of an accepted request says: that it is not known what became of it is neither of the others.
UNKNOWN = "unknown"

ACCEPTED = frozenset({COMPLETED, FAILED, UNKNOWN})
GIVEN_UP = "received too often"
_DELETE_ALL_ENDS = ACCEPTED | {"DeleteAllRefused", "DeleteAllUnconfirmed"}


@dataclass(frozen=True)
class Sent:
    """`ends` are the ways in which it may end: those of what is accepted, GIVEN_UP, or an error code. `key` is the
    ledger's, if it has one; that of a request by identifiers depends on the API key, unless it has a `request_id`.
    `contact_ids` are the contacts that a bulk deletion is about.
    """

    serial: str
    function: str
    body: str
    ends: frozenset[str]
    key: str | None
    payload: Any
    contact_ids: frozenset[str] = frozenset()

    @property
    def by_identifiers(self) -> bool:
        return self.function == "BulkDelete" and "identifier_values" in (self.payload or ())


class Producers:
    def __init__(self, chance: Chance, time: Time, secrets: Secrets, sendgrid: SendGrid) -> None:
        self._chance = chance
        self._time = time
        self._secrets = secrets
        self._sendgrid = sendgrid
        self._stores = {
            name: Stores(object(), "table", module.OPERATION, lambda _: None, time)  # type: ignore[arg-type]
            for name, module in DELETERS.items()
        }
        self._serial = 0
        self._contact = 0

    def messages(self) -> Iterator[Sent]:
        """One, or several that have to do with each other."""
        make = self._chance.choices(
            [
                self._bulk,
                self._duplicates,
                self._conflict,
                self._poison,
                self._by_identifiers,
                self._identifier,
                self._hopeless_identifier,
                self._delete_all,
                self._refused_delete_all,
                self._invalid,
            ],
            [80, 3, 1, 0.5, 10, 6, 1, 2, 1, 2],
        )[0]
        yield from make()

    def bulk(self, contacts: int) -> Sent:
        return self._sent("BulkDelete", {"contact_ids": self._contacts(contacts)}, *ACCEPTED)

    def stale(self, contacts: int) -> Sent:
        """Its last contact is gone."""
        ids = [*self._contacts(contacts - 1), self._contact_id()]
        return self._sent("BulkDelete", {"contact_ids": ids}, *ACCEPTED)

    def failing(self) -> Sent:
        """SendGrid fails to delete one of its contacts."""
        ids = [*self._contacts(1), self._new_contact(external_id="x")]
        self._sendgrid.failing_ids.add(ids[1])
        payload = {"contact_ids": ids} | self._envelope()
        return self._sent("BulkDelete", payload, GIVEN_UP, UNKNOWN, "SendGridRefused")

    def delete_all(self) -> Sent:
        payload = self._delete_all_payload() | {"request_id": self._request_id()}
        return self._sent("DeleteAll", payload, *_DELETE_ALL_ENDS)

    def identifier(self) -> Sent:
        """Of a contact that has another."""
        kind, field, value = self._chance.choice(
            [
                ("EMAIL", "email", self._secrets.email()),
                ("PHONENUMBERID", "phone_number_id", self._secrets.phone()),
            ]
        )
        contact = self._new_contact(external_id=self._secrets.external_id(), **{field: value})
        payload = {"contact_id": contact, "identifier_type": kind, "identifier_value": value}
        return self._sent("RemoveIdentifier", payload, *ACCEPTED)

    def by_identifiers(self, **envelope: str) -> Sent:
        """Some of its identifiers nobody has, some are invalid, and some are another contact's alternate addresses."""
        kind, field, new = self._chance.choice(
            [
                ("EMAIL", "email", self._secrets.email),
                ("EMAIL", "email", self._secrets.email),
                ("PHONENUMBERID", "phone_number_id", self._secrets.phone),
                ("EXTERNALID", "external_id", self._secrets.external_id),
            ]
        )
        values = [new() for _ in range(self._chance.choice([1] * 10 + [2, 5, 120]))]
        contacts = {self._identified(field, value) for value in values}
        payload: dict[str, Any] = {"identifier_type": kind, "identifier_values": values} | envelope
        if self._chance.random() < 0.2:
            values += [new(), "", values[0]]
        if kind == "EMAIL" and self._chance.random() < 0.2:
            values.append(self._secrets.refused_email())
        if kind == "EMAIL" and self._chance.random() < 0.2:
            # SendGrid searches for no longer ones among the alternates.
            values.append(next(address for address in iter(new, "") if len(address) <= 100))
            other = self._identified("email", new(), values[-1])
            payload["match_alternate_emails"] = self._chance.random() < 0.5
            contacts |= {other} if payload["match_alternate_emails"] else set()
        return self._sent("BulkDelete", payload, *ACCEPTED, contact_ids=contacts)

    def _identified(self, field: str, value: str, *alternate_emails: str) -> str:
        contact_id = self._new_contact(**{field: value}, alternate_emails=alternate_emails)
        self._sendgrid.identified_ids.add(contact_id)
        self._sendgrid.identified |= dict.fromkeys(
            (value.lower(), *map(str.lower, alternate_emails)), contact_id
        )
        return contact_id

    def _by_identifiers(self) -> Iterator[Sent]:
        sent = self.by_identifiers(**self._envelope())
        for _ in range(self._chance.choice([1] * 9 + [2])):
            yield replace(sent, serial=self._next_serial())

    def _bulk(self) -> Iterator[Sent]:
        many = self._chance.choice([1] * 30 + [2, 5, 40, 300])
        payload = {"contact_ids": self._contacts(many)} | self._envelope()
        yield self._sent("BulkDelete", payload, *ACCEPTED)

    def _duplicates(self) -> Iterator[Sent]:
        payload = {"contact_ids": self._contacts(3)} | self._envelope()
        for _ in range(self._chance.randint(2, 4)):
            yield self._sent("BulkDelete", payload, *ACCEPTED)

    def _conflict(self) -> Iterator[Sent]:
        envelope = {"request_id": self._request_id()}
        for _ in range(2):
            payload = {"contact_ids": self._contacts(1)} | envelope
            yield self._sent("BulkDelete", payload, *ACCEPTED, "RequestConflict")

    def _poison(self) -> Iterator[Sent]:
        if Case.FAILING_ID in self._sendgrid.cases and self._chance.random() < 0.5:
            yield self.failing()
            return
        ids = [*self._contacts(1), self._new_contact(external_id="x")]
        self._sendgrid.poison_ids.add(ids[1])
        yield self._sent("BulkDelete", {"contact_ids": ids} | self._envelope(), "SendGridRefused")

    def _identifier(self) -> Iterator[Sent]:
        yield self.identifier()

    def _hopeless_identifier(self) -> Iterator[Sent]:
        value = self._secrets.email()
        payload = {
            "contact_id": self._new_contact(email=value),
            "identifier_type": "EMAIL",
            "identifier_value": value,
        }
        yield self._sent("RemoveIdentifier", payload | self._envelope(), "LastIdentifier")
        payload = payload | {"contact_id": self._contact_id()}
        yield self._sent("RemoveIdentifier", payload | self._envelope(), "ContactNotFound")

    def _delete_all(self) -> Iterator[Sent]:
        payload = self._delete_all_payload() | self._envelope()
        payload["request_id"] = self._request_id()
        for _ in range(self._chance.randint(1, 3)):
            yield self._sent("DeleteAll", payload, *_DELETE_ALL_ENDS)

    def _refused_delete_all(self) -> Iterator[Sent]:
        wrong: dict[str, Any] = self._chance.choice(
            [
                {"confirm": "delete all contacts"},
                {"requested_at": self._moment(-1000)},
                {"requested_at": self._moment(30 * 24 * 3600)},
                {"max_contacts": 1},
            ]
        )
        payload = self._delete_all_payload() | {"request_id": self._request_id()} | wrong
        # An earlier delete-all may have left no more than it allows.
        may_pass = _DELETE_ALL_ENDS if "max_contacts" in wrong else ()
        yield self._sent("DeleteAll", payload, "DeleteAllRefused", *may_pass)

    def _invalid(self) -> Iterator[Sent]:
        function = self._chance.choice(list(DELETERS))
        body = self._chance.choice(
            [
                f"{{{self._secrets.email()}",
                json.dumps({"contact_ids": [self._secrets.email()]}),
                json.dumps({self._secrets.external_id(): 1}),
                json.dumps({"contact_ids": []}),
                json.dumps({"delete_all_contacts": "true", "task_token": self._secrets.task_token()}),
                json.dumps({"contact_ids": [f"{self._contact_id()},{self._contact_id()}"]}),
            ]
        )
        yield Sent(self._next_serial(), function, body, frozenset({"InvalidRequest"}), None, None)

    def _delete_all_payload(self) -> dict[str, Any]:
        self._sendgrid.newcomers.update(self._new_contact(external_id="x") for _ in range(2))
        return {
            "confirm": CONFIRMATION,
            "requested_at": self._moment(-self._chance.choice([0, 0, 0, 600])),
            "max_contacts": MAX_CONTACTS,
        }

    def _sent(
        self, function: str, payload: dict[str, Any], *ends: str, contact_ids: Iterable[str] = ()
    ) -> Sent:
        request = DELETERS[function].parse(payload)
        key, _ = self._stores[function].of(request).identify(payload_of(request))
        named = frozenset(payload.get("contact_ids", contact_ids))
        return Sent(self._next_serial(), function, json.dumps(payload), frozenset(ends), key, payload, named)

    def _envelope(self) -> dict[str, Any]:
        envelope: dict[str, Any] = {}
        if self._chance.random() < 0.4:
            envelope["request_id"] = self._request_id()
        if self._chance.random() < 0.1:
            envelope["task_token"] = self._secrets.task_token()
        return envelope

    def _contacts(self, count: int) -> list[str]:
        """Now and then one that the account does not have."""
        return [
            self._contact_id() if self._chance.random() < 0.02 else self._new_contact(external_id="x")
            for _ in range(count)
        ]

    def _new_contact(self, **identifiers: Any) -> str:
        """It was imported a while ago: no read lags behind it."""
        settings = self._sendgrid.account.settings
        lag, settings.read_lag_seconds = settings.read_lag_seconds, 0.0
        contact_id = self._sendgrid.account.add_contact(contact_id=self._contact_id(), **identifiers)
        settings.read_lag_seconds = lag
        if Case.REFUSED_LOOK_UP in self._sendgrid.cases and self._chance.random() < 0.01:
            self._sendgrid.unreadable_ids.add(contact_id)
        return contact_id

    def _contact_id(self) -> str:
        self._contact += 1
        return f"00000000-0000-4000-8000-{self._contact:012x}"

    def _request_id(self) -> str:
        return f"request-{self._next_serial()}"

    def _next_serial(self) -> str:
        self._serial += 1
        return str(self._serial)

    def _moment(self, seconds: float) -> str:
        return (datetime.fromtimestamp(self._time(), UTC) + timedelta(seconds=seconds)).isoformat()
