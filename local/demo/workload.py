"""What the demo asks for, and what must have become of it in the end."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.sendgrid_double import Account
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS

SINGLES = 1_500
SENT_TWICE = 100
LISTS = 6
IDS_PER_LIST = 600
BY_EMAIL = 100
BYSTANDERS = 250
PEOPLE_PER_IDENTIFIER = 5


@dataclass
class Workload:
    """Messages by queue, and what they should lead to.

    `sent` has the body of each message that was sent, by its id. `gone` and `stay` are contact ids, `by_email` has the
    contact id for each body that names a contact by its address, and `removed` has pairs of contact id and the
    identifier's field; `rejected` has the code for each body that must be rejected; `accepted` counts messages.
    """

    messages: dict[str, list[str]] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    stay: set[str] = field(default_factory=set)
    by_email: dict[str, str] = field(default_factory=dict)
    removed: set[tuple[str, str]] = field(default_factory=set)
    rejected: dict[str, str] = field(default_factory=dict)
    accepted: int = 0

    @property
    def message_count(self) -> int:
        return sum(len(bodies) for bodies in self.messages.values())

    def ask(self, queue: str, *requests: object) -> list[str]:
        """Requests that will be accepted; returns their messages."""
        bodies = [_body(request) for request in requests]
        self.accepted += len(bodies)
        self.messages.setdefault(queue, []).extend(bodies)
        return bodies

    def ask_in_vain(self, queue: str, code: str, *requests: object) -> None:
        """Requests that will be rejected with this code."""
        bodies = [_body(request) for request in requests]
        self.rejected |= dict.fromkeys(bodies, code)
        self.messages.setdefault(queue, []).extend(bodies)


def deletions(account: Account, poison_ids: set[str], dice: random.Random) -> Workload:
    """Fills the account, and asks for all that this project does but a delete-all that is carried out."""
    work = Workload()
    work.stay = {account.add_contact(email=f"bystander-{n}@example.com") for n in range(BYSTANDERS)}
    _bulk(work, account, dice)
    _by_email(work, account)
    _refused_by_sendgrid(work, account, poison_ids)
    _identifiers(work, account)
    _invalid(work)
    _refused_delete_alls(work)
    for bodies in work.messages.values():
        dice.shuffle(bodies)
    return work


def everything(work: Workload, account: Account) -> list[str]:
    """Asks for a delete-all that is carried out; returns the messages for it."""
    return work.ask("DeleteAllQueue", _delete_all(request_id="demo-reset", max_contacts=len(account)))


def _body(request: object) -> str:
    return request if isinstance(request, str) else json.dumps(request)


def _bulk(work: Workload, account: Account, dice: random.Random) -> None:
    singles = [account.add_contact(external_id=f"single-{n}") for n in range(SINGLES)]
    listed = [account.add_contact(external_id=f"listed-{n}") for n in range(LISTS * IDS_PER_LIST)]
    work.gone = {*singles, *listed}
    requests = [{"contact_ids": [contact_id]} for contact_id in singles]
    work.ask("BulkDeleteQueue", *requests, *requests[:SENT_TWICE])
    for start in range(0, len(listed), IDS_PER_LIST):
        own = listed[start : start + IDS_PER_LIST]
        repeated = dice.choices(own, k=50) + dice.choices(singles, k=50)
        work.ask("BulkDeleteQueue", {"contact_ids": own + repeated, "request_id": f"list-{start}"})


def _by_email(work: Workload, account: Account) -> None:
    """Addresses in another case than SendGrid has them. One is an alternate address of a contact that stays."""
    for number in range(BY_EMAIL):
        contact_id = account.add_contact(email=f"customer-{number}@example.com")
        (body,) = work.ask("BulkDeleteQueue", _erasure(f"Customer-{number}@Example.com"))
        work.gone.add(contact_id)
        work.by_email[body] = contact_id
    work.stay.add(account.add_contact(email="family@example.com", alternate_emails=["child@example.com"]))
    work.ask("BulkDeleteQueue", _erasure("child@example.com"), _erasure("nobody@example.com"))


def _refused_by_sendgrid(work: Workload, account: Account, poison_ids: set[str]) -> None:
    """Ids that sink every call they are in."""
    for number in range(2):
        contact_id = account.add_contact(external_id=f"poison-{number}")
        poison_ids.add(contact_id)
        work.stay.add(contact_id)
        work.ask_in_vain("BulkDeleteQueue", "SendGridRefused", {"contact_ids": [contact_id]})


def _identifiers(work: Workload, account: Account) -> None:
    queue = "RemoveIdentifierQueue"
    for number in range(PEOPLE_PER_IDENTIFIER):
        for kind, name in IDENTIFIER_FIELDS.items():
            values = {
                "email": f"{name}-{number}@example.com",
                "phone_number_id": f"+1555555{number:04}",
                "external_id": f"{name}-{number}",
                "anonymous_id": f"visitor-{name}-{number}",
            }
            person = account.add_contact(**values)
            work.stay.add(person)
            work.removed.add((person, name))
            work.ask(queue, _removal(person, kind, values[name]))
    lonely = account.add_contact(email="only@example.com")
    changed = account.add_contact(email="new@example.com", external_id="changed")
    work.stay |= {lonely, changed}
    work.ask(queue, _removal(changed, "EMAIL", "old@example.com"))
    work.ask_in_vain(queue, "LastIdentifier", _removal(lonely, "EMAIL", "only@example.com"))
    unknown = "00000000-0000-4000-8000-000000000000"
    work.ask_in_vain(queue, "ContactNotFound", _removal(unknown, "EMAIL", "unknown@example.com"))


def _invalid(work: Workload) -> None:
    work.ask_in_vain(
        "BulkDeleteQueue",
        "InvalidRequest",
        "this is not JSON",
        {"contact_ids": []},
        {"contact_ids": ["c29tZW9uZUBleGFtcGxlLmNvbQ=="]},
        {"contact_ids": "all"},
        {"ids": ["00000000-0000-4000-8000-000000000000"]},
    )
    work.ask_in_vain(
        "RemoveIdentifierQueue",
        "InvalidRequest",
        _removal("00000000-0000-4000-8000-000000000000", "PHONE", "+15555550100"),
    )
    work.ask_in_vain("DeleteAllQueue", "InvalidRequest", {"confirm": "Delete All Contacts"})


def _refused_delete_alls(work: Workload) -> None:
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    work.ask_in_vain(
        "DeleteAllQueue",
        "DeleteAllRefused",
        _delete_all(request_id="demo-too-many", max_contacts=10),
        _delete_all(request_id="demo-too-old", requested_at=an_hour_ago.isoformat()),
        _delete_all(request_id="demo-wrong-phrase", confirm="yes, really"),
    )


def _delete_all(**fields: Any) -> dict[str, Any]:
    request = {
        "confirm": "Delete All Contacts",
        "requested_at": datetime.now(UTC).isoformat(),
        "max_contacts": 1_000_000,
    }
    return request | fields


def _erasure(address: str) -> dict[str, Any]:
    return {"identifier_type": "EMAIL", "identifier_values": [address]}


def _removal(contact_id: str, kind: str, value: str) -> dict[str, Any]:
    return {"contact_id": contact_id, "identifier_type": kind, "identifier_value": value}
