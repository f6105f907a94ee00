"""Every function, each with a request that it acts on."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from contact_deletion.backup.export_progress import file_id
from contact_deletion.errors import NotAccepted
from contact_deletion.handlers import (
    backup_check,
    bulk_delete,
    contact_count,
    delete_all,
    deletion_status,
    export_copy,
    export_start,
    export_status,
    identifier_check,
    list_summary,
    prepare_list,
    remove_identifier,
)
from contact_deletion.requests.list_preparation import Progress
from contact_deletion.runtime import Runtime
from tests.support.buckets import Bucket
from tests.support.events import contact_id
from tests.support.world import World

EMAIL = "jane@example.com"
NOBODY = "nobody@example.com"
FOLDER = "before-reset.2026"
PART = b"a part"
LIST = contact_id(1)
LIST_KEY = "lists/list.csv"
IDS_KEY = f"backups/{FOLDER}/contact-ids/00000"

FUNCTIONS: dict[str, Callable[[Runtime], Any]] = {
    module.OPERATION: module.build
    for module in (
        bulk_delete,
        delete_all,
        remove_identifier,
        deletion_status,
        contact_count,
        export_start,
        export_status,
        identifier_check,
        export_copy,
        backup_check,
        list_summary,
        prepare_list,
    )
}
BY_IDENTIFIERS = "bulk_delete_by_identifiers"
FUNCTIONS[BY_IDENTIFIERS] = bulk_delete.build


@dataclass
class Functions:
    """The functions in a world with a contact, an export that is ready, and a bucket with a part of a backup."""

    world: World
    bucket: Bucket

    def __post_init__(self) -> None:
        self.forget()
        self.world.clock.advance(60)  # what was accepted before is done before there is something new
        account = self.world.double.account
        self.contact = account.add_contact(email=EMAIL, external_id="x")
        self.export = account.exports.start().id
        self.job = account.delete_contacts([contact_id(1)]).id
        self.world.clock.advance(60)
        s3, self._key = self.bucket.s3, f"backups/{FOLDER}/part-00000.csv.gz"
        self._version = s3.put_object(Bucket=self.bucket.name, Key=self._key, Body=PART)["VersionId"]
        self._ids_version = s3.put_object(
            Bucket=self.bucket.name, Key=IDS_KEY, Body=UUID(contact_id(1)).bytes
        )["VersionId"]
        listed = f"id\n{contact_id(1)}\n".encode()
        self._etag = s3.put_object(Bucket=self.bucket.name, Key=LIST_KEY, Body=listed)["ETag"]
        self._built: dict[str, Any] = {}

    def request_of(self, name: str) -> dict[str, Any]:
        """A request with every field that the function knows."""
        envelope = {"request_id": f"purge-{uuid4()}", "task_token": "token"}
        removal = {"contact_id": self.contact, "identifier_type": "EMAIL", "identifier_value": EMAIL}
        part = {
            "part": 0,
            "key": self._key,
            "version_id": self._version,
            "size": len(PART),
            "sha256": hashlib.sha256(PART).hexdigest(),
            "contact_count": 1,
            "contact_ids_version_id": self._ids_version,
        }
        followed = {
            "operation": "bulk_delete",
            "message_id": "message",
            "contact_count": 1,
            "contact_ids": [contact_id(1)],
            "identifiers": {
                **dict.fromkeys(("found", "not_found", "alternate_email_matches", "invalid"), 1),
                "invalid_positions": [3],
            },
        }
        requests: dict[str, dict[str, Any]] = {
            "bulk_delete": {"contact_ids": [contact_id(1), contact_id(2)]},
            BY_IDENTIFIERS: {
                "identifier_type": "EMAIL",
                "identifier_values": [EMAIL, NOBODY],
                "match_alternate_emails": False,
            },
            "delete_all": {
                "confirm": "Delete All Contacts",
                "requested_at": self.world.now(),
                "max_contacts": 25_000,
            },
            "remove_identifier": removal,
            "deletion_status": {
                "job_ids": [self.job],
                "accepted_at": self.world.now(),
                "include_errors_url": True,
                "requests": [followed | envelope],
            },
            "contact_count": {},
            "export_start": {"segment_id": LIST},
            "export_status": {"export_id": self.export, "started_at": self.world.now()},
            "identifier_check": removal,
            "export_copy": {
                "export_id": self.export,
                "part": 0,
                "file_id": file_id(f"http://double/_s3/exports/{self.export}/0.csv.gz"),
                "folder": FOLDER,
            },
            "backup_check": {
                "folder": FOLDER,
                "source": {"segment_id": contact_id(1)},
                "sampled_at": self.world.now(),
                "expected_contact_count": 1,
                "exported_contact_count": 1,
                "parts": [part],
            },
            "prepare_list": {
                "folder": FOLDER,
                "source": {"key": LIST_KEY},
                "id_column": "id",
                "identifier_type": "EMAIL",
                "contacts": {"parts": []},
                "continuation": Progress(etag=self._etag).continuation(),
            },
            "list_summary": {
                "folder": FOLDER,
                "plan": dict.fromkeys(
                    ("contacts", "duplicates", "rejected_rows", "not_found", "alternate_email_matches"), 0
                ),
            },
        }
        return requests[name] | envelope

    def handle(self, name: str, event: object) -> Any:
        """What the function's handler answers, or raises."""
        if name not in self._built:
            self._built[name] = FUNCTIONS[name](self.bucket.runtime(self.world.runtime))
        return self._built[name].handle(event, self.world.context)

    def restart(self) -> None:
        """New execution environments: nothing is remembered of a rate limit."""
        self._built.clear()

    def forget(self) -> None:
        """Nothing was sent, said or kept so far."""
        world = self.world
        world.double.requests.clear()
        world.double.faults.clear()
        world.task_responses.clear()
        world.bus_entries.clear()
        world.log.seek(0)
        world.log.truncate()

    def outcome(self, name: str, payload: object) -> Any:
        """The answer to a direct invocation, or the error that reports it."""
        try:
            return self.handle(name, payload)
        except NotAccepted as outcome:
            return outcome


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to everything in a request, itself included."""
    yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def with_value(request: Any, path: tuple[str | int, ...], value: object) -> Any:
    """The request with this value in this place."""
    if not path:
        return value
    first, *rest = path
    changed: Any = dict(request) if isinstance(request, dict) else list(request)
    changed[first] = with_value(request[first], tuple(rest), value)
    return changed
