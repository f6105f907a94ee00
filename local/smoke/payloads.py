"""Everything that the smoke test sends to the stack."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

NOT_THE_PHRASE = "Smoke test: do not delete any contacts"
LONG_AGO = "2000-01-01T00:00:00Z"


@dataclass(frozen=True)
class Message:
    """For `queue`, to be rejected with `expected_code`.

    Without one it may end in any way: SendGrid does not document its response to an ID that no contact has.
    """

    title: str
    queue: str
    payload: Mapping[str, Any]
    expected_code: str | None
    names_contact: bool = False

    @property
    def request_id(self) -> str:
        request_id: str = self.payload["request_id"]
        return request_id


@dataclass(frozen=True)
class Execution:
    """Of `workflow`, to fail with `expected_error`."""

    title: str
    workflow: str
    payload: Mapping[str, Any]
    expected_error: str
    names_contact: bool = False


# Nothing here can delete a contact, whatever the stack's parameters and the account's contacts are:
#
# - What names a contact names one ID, a UUID of this run with 122 random bits. It is sent only after
#   IdentifierCheckFunction has looked the ID up and SendGrid has said that no contact has it (`names_contact`). A
#   removal also leaves its contact in place, and names an identifier that is as random.
# - The delete-all is refused by each of two guards alone, which no parameter turns off: `confirm` is not the phrase,
#   and `requested_at` is decades older than DeleteAllMaxAgeSeconds can allow. An account with two or more contacts is
#   beyond its `max_contacts`, too; 0 would be an invalid request, which does not get as far as the guards. None of
#   this changes when the message is delayed, delivered twice or redriven.
# - An invalid message has a field that no request has, and lacks fields that each request must have.
# - BackupThenDeleteAll compares `confirm` with the phrase before it does anything. Behind that, every account with
#   contacts has more than its `max_contacts`.
# - DeleteContactList has the key of a list that does not exist. No list, no contacts.
# - What is invoked directly only reads.
#
# tests/smoke/test_payloads.py tries all of them on the functions' own validation and guards, each guard alone.
@dataclass(frozen=True)
class Payloads:
    """Those of one run. `name` is part of everything that belongs to it."""

    name: str
    contact_id: str

    @classmethod
    def random(cls) -> "Payloads":
        return cls(name=f"smoke-test-{uuid.uuid4().hex[:12]}", contact_id=str(uuid.uuid4()))

    def messages(self) -> list[Message]:
        invalid = [
            Message(
                title=f"{queue}Queue: invalid message",
                queue=queue,
                payload={"request_id": f"{self.name}-invalid-{queue}", "smoke_test": True},
                expected_code="InvalidRequest",
            )
            for queue in ("BulkDelete", "DeleteAll", "RemoveIdentifier", "DeletionStatus")
        ]
        return [
            *invalid,
            Message(
                title="DeleteAllQueue: delete-all of 2000",
                queue="DeleteAll",
                payload={
                    "request_id": f"{self.name}-delete-all",
                    "confirm": NOT_THE_PHRASE,
                    "requested_at": LONG_AGO,
                    "max_contacts": 1,
                },
                expected_code="DeleteAllRefused",
            ),
            Message(
                title="RemoveIdentifierQueue: unknown contact",
                queue="RemoveIdentifier",
                payload={"request_id": f"{self.name}-removal", **self.removal()},
                expected_code="ContactNotFound",
                names_contact=True,
            ),
            Message(
                title="BulkDeleteQueue: unknown contact",
                queue="BulkDelete",
                payload={"request_id": f"{self.name}-bulk", "contact_ids": [self.contact_id]},
                expected_code=None,
                names_contact=True,
            ),
        ]

    def executions(self) -> list[Execution]:
        return [
            Execution(
                title="BackupThenDeleteAll: wrong phrase",
                workflow="BackupThenDeleteAll",
                payload={"confirm": NOT_THE_PHRASE, "max_contacts": 0},
                expected_error="DeleteAllRefused",
            ),
            Execution(
                title="DeleteContactList: unknown list",
                workflow="DeleteContactList",
                payload={"key": f"lists/{self.name}/{uuid.uuid4()}.csv"},
                expected_error="ListUnreadable",
            ),
            Execution(
                title="RemoveContactIdentifier: unknown contact",
                workflow="RemoveContactIdentifier",
                payload=self.removal(),
                expected_error="ContactNotFound",
                names_contact=True,
            ),
        ]

    def removal(self) -> dict[str, Any]:
        """Also the lookup's payload."""
        return {
            "contact_id": self.contact_id,
            "identifier_type": "EXTERNALID",
            "identifier_value": self.name,
        }

    def contact_count(self) -> dict[str, Any]:
        return {}

    def export_status(self) -> dict[str, Any]:
        """Of an export that does not exist: pending, since SendGrid may not know a new one yet."""
        return {"export_id": str(uuid.uuid4()), "started_at": datetime.now(UTC).isoformat()}

    def deletion_status(self) -> dict[str, Any]:
        """Of a job that does not exist: pending, for the same reason."""
        return {"job_ids": [str(uuid.uuid4())]}
