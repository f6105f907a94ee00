"""The files in events/: `python -m tests.support.sample_events` (or `make events`) writes them again."""

import json
from pathlib import Path
from typing import Any

from tests.support import sample_lists
from tests.support.events import (
    bulk_delete,
    contact_id,
    delete_all,
    delete_by_identifiers,
    remove_identifier,
    sqs_event,
    status_check,
)

DIRECTORY = Path(__file__).parents[2] / "events"
LISTS = DIRECTORY / "lists"
# Long ago, so that a sample of delete-all is refused until its time is changed.
REQUESTED_AT = "2026-11-21T12:00:00+00:00"

# A form that a request id may have, too: one replacement of both makes a new request of the sample.
DELETE_ALL_AT = "2026-11-21T12:00:00Z"

PERSON, LONELY_PERSON = contact_id(1), contact_id(2)
# Accepted so long ago that a queue's message about it ends as failed.
JOB = "21be0c9d-73ca-40a6-a903-13adea0eb0a8"


def files() -> dict[str, Any]:
    """What each file holds, by its name. `contacts.json` are the contacts that the events are about."""
    return {
        "contacts.json": [
            {
                "contact_id": PERSON,
                "email": "ada@example.com",
                "phone_number_id": "+15555550100",
                "external_id": "customer-1",
                "anonymous_id": "visitor-1",
            },
            {"contact_id": LONELY_PERSON, "email": "only@example.com"},
            *(
                {"contact_id": contact_id(number), "email": f"{number}@example.com"}
                for number in range(10, 15)
            ),
        ],
        "bulk-delete-sqs.json": sqs_event(
            bulk_delete([contact_id(10)]),
            bulk_delete([contact_id(11), contact_id(12), contact_id(11)], request_id="purge-2026-11"),
            bulk_delete(["someone@example.com"]),
            queue="BulkDeleteQueue",
        ),
        "bulk-delete-direct.json": bulk_delete(
            [contact_id(13), contact_id(14)], request_id="purge-from-a-workflow"
        ),
        "delete-by-identifiers-sqs.json": sqs_event(
            delete_by_identifiers(["Ada@Example.com"]),
            delete_by_identifiers(
                ["10@example.com", "nobody@example.com", "no address"], request_id="erasure-2026-0042"
            ),
            delete_by_identifiers(["no address"]),
            queue="BulkDeleteQueue",
        ),
        "delete-by-identifiers-direct.json": delete_by_identifiers(
            ["11@example.com"], request_id="erasure-by-a-workflow", match_alternate_emails=True
        ),
        "remove-identifier-sqs.json": sqs_event(
            remove_identifier(PERSON, "PHONENUMBERID", "+15555550100"),
            remove_identifier(PERSON, "EXTERNALID", "customer-1", request_id="erasure-42"),
            remove_identifier(PERSON, "PHONE", "+15555550100"),
            queue="RemoveIdentifierQueue",
        ),
        "remove-identifier-direct.json": remove_identifier(
            PERSON, "ANONYMOUSID", "visitor-1", request_id="erasure-from-a-workflow"
        ),
        "delete-all-sqs.json": sqs_event(
            delete_all(REQUESTED_AT),
            delete_all(REQUESTED_AT, request_id="reset-without-the-phrase", confirm="yes"),
            {"confirm": "Delete All Contacts"},
            queue="DeleteAllQueue",
        ),
        "delete-all-direct.json": delete_all(DELETE_ALL_AT, request_id=f"reset-{DELETE_ALL_AT}"),
        "deletion-status-sqs.json": sqs_event(
            status_check(
                [JOB],
                {
                    "operation": "bulk_delete",
                    "request_id": "purge-2026-11",
                    "message_id": "b5cbf4e4-9a51-4bb0-a1ba-0a4ed5dbd2cb",
                    "contact_count": 2,
                    "contact_ids": [PERSON, contact_id(11)],
                },
                {
                    "operation": "bulk_delete",
                    "message_id": "0e19c9f7-7fd0-4a0e-a1ab-b1f0b1ce1d5c",
                    "contact_count": 1,
                    "contact_ids": [contact_id(30)],
                },
                accepted_at=REQUESTED_AT,
            ),
            queue="DeletionStatusQueue",
        ),
        "deletion-status-direct.json": status_check([JOB]),
        "contact-count-direct.json": {},
        "identifier-check-direct.json": remove_identifier(LONELY_PERSON, "EMAIL", "only@example.com"),
    }


def text(content: Any) -> str:
    return json.dumps(content, indent=2) + "\n"


def main() -> None:
    DIRECTORY.mkdir(exist_ok=True)
    for name, content in files().items():
        (DIRECTORY / name).write_text(text(content))
    LISTS.mkdir(exist_ok=True)
    for name, list_content in sample_lists.files().items():
        (LISTS / name).write_bytes(list_content)


if __name__ == "__main__":
    main()
