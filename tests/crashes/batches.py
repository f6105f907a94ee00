"""One batch for each function with a queue, with something of everything that such a batch can hold."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contact_deletion.handlers import bulk_delete, delete_all, remove_identifier
from contact_deletion.ledger.store import Stores, payload_of
from local.sendgrid_double.jobs import ForcedEnding
from local.simulation.queue_functions import QUEUES
from tests.support import events
from tests.support.events import contact_id
from tests.support.world import TABLE, World

# Of the account: a contact's id, and the type of one of its identifiers.
Part = tuple[str, str]

MAX_AGE = timedelta(seconds=900)
# Of a removal: a message that comes back finds its identifier where it was.
JOB_SECONDS = 60


@dataclass(frozen=True)
class Sent:
    """A message, how it ends if nothing interrupts it, and what of the account it asks for.

    `or_else` are ends that an interruption may bring about, as the readme says; `known_as` is the message id in its
    event where that is not its own, `key` the request's in the ledger.
    """

    body: object
    end: str
    removes: frozenset[Part] = frozenset()
    or_else: frozenset[str] = frozenset()
    known_as: str | None = None
    key: str | None = None

    @property
    def request(self) -> dict[str, Any]:
        return self.body if isinstance(self.body, dict) else {}


@dataclass(frozen=True)
class Batch:
    operation: str
    # Makes the account, and what is sent.
    fill: Callable[[World], list[Sent]]

    @property
    def queue(self) -> str:
        return QUEUES[self.operation]


def account_of(world: World) -> frozenset[Part]:
    return frozenset(
        (contact.id, kind) for contact in world.double.account.contacts() for kind in contact.identifiers
    )


def _add(world: World, *numbers: int, **identifiers: str) -> list[str]:
    ids = [contact_id(number) for number in numbers]
    for each in ids:
        world.double.account.add_contact(contact_id=each, **(identifiers or {"external_id": "x"}))
    return ids


def _parts(*ids: str, kind: str = "EXTERNALID") -> frozenset[Part]:
    return frozenset((contact_id, kind) for contact_id in ids)


def _key(world: World, module: Any, body: dict[str, Any]) -> str:
    """By which the ledger knows the request."""
    request = module.parse(body)
    store = Stores(world.runtime.dynamodb, TABLE, module.OPERATION, world.clock.sleep, world.clock).of(
        request
    )
    return store.identify(payload_of(request))[0]


def _bulk_delete(world: World) -> list[Sent]:
    poison, neighbour, *ids = _add(world, *range(9))
    many = _add(world, *range(100, 305))
    _add(world, *range(400, 403))  # no request names these
    world.double.poison_ids = {poison}

    def accepted(named: list[str], **more: Any) -> Sent:
        body = events.bulk_delete(named, **more)
        return Sent(body, "Completed", _parts(*named), key=_key(world, bulk_delete, body))

    (erased,) = _add(world, 9, email="ada@example.com")
    by_email = events.delete_by_identifiers(["Ada@Example.com"], request_id="erasure-1")
    first = accepted(ids[:2], request_id="order-1")
    return [
        Sent(events.bulk_delete([poison, neighbour]), "Rejected SendGridRefused", _parts(neighbour)),
        first,
        accepted(ids[2:4]),
        accepted(ids[4:5], request_id="order-2", task_token="token-1"),
        Sent('{"contact_ids": [', "Rejected InvalidRequest"),
        first,
        accepted(ids[3:6]),  # shares contacts with others
        accepted(many, request_id="order-3"),
        Sent(by_email, "Completed", _parts(erased, kind="EMAIL"), key=_key(world, bulk_delete, by_email)),
    ]


def _delete_all(world: World) -> list[Sent]:
    _add(world, *range(5))
    everything = account_of(world)
    unknown = frozenset({"Rejected DeleteAllUnconfirmed", "Rejected DeleteAllRefused"})

    def accepted(**more: Any) -> Sent:
        body = events.delete_all(world.now(), **more)
        return Sent(body, "Completed", everything, unknown, key=_key(world, delete_all, body))

    first = accepted(task_token="token-1")
    refused = events.delete_all(world.now(), request_id="no-phrase", confirm="yes")
    return [first, Sent(refused, "Rejected DeleteAllRefused"), first]


def _remove_identifier(world: World) -> list[Sent]:
    world.double.settings.change(job_delay=JOB_SECONDS)
    ada, bob = _add(world, 1, 2, email="ada@example.com", external_id="x")
    (last,) = _add(world, 3, email="eve@example.com")
    _add(world, 4, email="ada@example.com", external_id="x")  # no request names this one

    def accepted(contact: str, value: str = "ada@example.com", **more: Any) -> Sent:
        body = events.remove_identifier(contact, "EMAIL", value, **more)
        parts = frozenset({(contact, "EMAIL")}) if value == "ada@example.com" else frozenset()
        return Sent(body, "Completed", parts, key=_key(world, remove_identifier, body))

    first = accepted(ada, request_id="erasure-1", task_token="token-1")
    return [
        first,
        Sent(events.remove_identifier(last, "EMAIL", "eve@example.com"), "Rejected LastIdentifier"),
        first,
        accepted(bob, "other@example.com", request_id="nothing-to-do"),
    ]


def _deletion_status(world: World) -> list[Sent]:
    _add(world, *range(20))

    def followed(number: int, ending: ForcedEnding | None, end: str, delay: float, **more: Any) -> Sent:
        """A request of two contacts, whose job has just been accepted."""
        ids = [contact_id(2 * number), contact_id(2 * number + 1)]
        world.double.settings.change(job_delay=delay)
        if ending:
            world.double.account.force_next_jobs(ending)
        job = world.double.account.delete_contacts(ids)
        request = {"operation": "bulk_delete", "message_id": f"message-{number}", "contact_ids": ids}
        body = events.status_check([job.id], request | more, accepted_at=world.now())
        return Sent(body, end, _parts(*ids), known_as=f"message-{number}")

    return [
        followed(0, None, "Completed", 10, request_id="order-1"),
        followed(1, "errored", "Failed DeletionFailed", 10, task_token="token-1"),
        followed(2, None, "Completed", 70, task_token="token-2"),
        followed(3, "failed", "Failed DeletionFailed", 10, request_id="order-2"),
        Sent({"job_ids": []}, "Rejected InvalidRequest"),
        followed(4, None, "Completed", 10),
    ]


BATCHES = {
    batch.operation: batch
    for batch in [
        Batch("bulk_delete", _bulk_delete),
        Batch("delete_all", _delete_all),
        Batch("remove_identifier", _remove_identifier),
        Batch("deletion_status", _deletion_status),
    ]
}
