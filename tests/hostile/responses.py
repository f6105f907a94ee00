"""SendGrid's responses as they should be, by call."""

from dataclasses import dataclass
from typing import Any

from tests.hostile.functions import BY_IDENTIFIERS, EMAIL, NOBODY, Functions
from tests.support.events import contact_id

CONTACTS = "/v3/marketing/contacts"


@dataclass(frozen=True)
class Call:
    """One call that a function makes."""

    function: str
    method: str
    route: str
    status: int = 200

    def __str__(self) -> str:
        return f"{self.function}: {self.method} {self.route.removeprefix(CONTACTS)}"

    def response(self, functions: Functions) -> dict[str, Any]:
        """The body, with everything in it that is read."""
        return _responses(functions)[f"{self.method} {self.route.removeprefix(CONTACTS)}"]


CALLS = [
    Call("bulk_delete", "DELETE", CONTACTS, 202),
    Call(BY_IDENTIFIERS, "POST", f"{CONTACTS}/search/identifiers/{{identifier_type}}"),
    Call(BY_IDENTIFIERS, "POST", f"{CONTACTS}/search/emails"),
    Call("delete_all", "GET", f"{CONTACTS}/count"),
    Call("delete_all", "DELETE", CONTACTS, 202),
    Call("remove_identifier", "GET", f"{CONTACTS}/{{contact_id}}"),
    Call("remove_identifier", "DELETE", f"{CONTACTS}/{{contact_id}}/identifiers", 202),
    Call("identifier_check", "GET", f"{CONTACTS}/{{contact_id}}"),
    Call("contact_count", "GET", f"{CONTACTS}/count"),
    Call("deletion_status", "GET", f"{CONTACTS}/imports/{{job_id}}"),
    Call("deletion_status", "POST", f"{CONTACTS}/batch"),
    Call("export_start", "POST", f"{CONTACTS}/exports", 202),
    Call("export_status", "GET", f"{CONTACTS}/exports/{{export_id}}"),
    Call("export_copy", "GET", f"{CONTACTS}/exports/{{export_id}}"),
]


def _responses(functions: Functions) -> dict[str, dict[str, Any]]:
    contact = {"id": functions.contact, "email": EMAIL, "external_id": "x", "phone_number_id": ""}
    return {
        "DELETE ": {"job_id": functions.job},
        "DELETE /{contact_id}/identifiers": {"job_id": functions.job},
        "GET /{contact_id}": contact,
        "GET /count": {"contact_count": 1, "billable_count": 1},
        "GET /imports/{job_id}": {
            "id": functions.job,
            "status": "errored",
            "results": {
                "requested_count": 1,
                "deleted_count": 0,
                "errored_count": 1,
                "errors_url": "https://errors.example.com/file",
            },
        },
        "POST /batch": {"result": [contact | {"id": contact_id(1)}]},
        "POST /search/identifiers/{identifier_type}": {
            "result": {EMAIL: {"contact": contact}, NOBODY: {"error": "contact not found"}}
        },
        "POST /search/emails": {"result": {NOBODY: {"contact": contact | {"alternate_emails": [NOBODY]}}}},
        "POST /exports": {"id": functions.export},
        "GET /exports/{export_id}": {
            "id": functions.export,
            "status": "ready",
            "urls": ["https://127.0.0.1:1/file"],
            "expires_at": "2099-01-01T00:00:00Z",
            "contact_count": 1,
            "message": "a message",
        },
    }
