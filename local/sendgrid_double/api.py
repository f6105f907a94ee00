"""The endpoints under /v3/marketing/contacts.

Undocumented, and decided so: `ids` together with `delete_all_contacts`, `ids` given more than once, and any
id that is not a UUID (a space after the comma spoils one) are a 400; contacts that a batch look-up does not
find are left out; an `on-behalf-of` that names no subuser is a 403.
"""

from functools import cache
from typing import cast

from flask import Flask, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.sendgrid_double.account import Account, UnknownContact
from local.sendgrid_double.answers import errors, json_answer, usual_answer
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS, Contact, is_contact_id
from local.sendgrid_double.double import SendGridDouble
from local.sendgrid_double.exports_api import exports_api
from local.sendgrid_double.jobs import Job
from local.sendgrid_double.timestamps import timestamp

CONTACTS = "/v3/marketing/contacts"
MAX_BATCH = 100
_BLANK_FIELDS = [
    *("first_name", "last_name", "unique_name", "phone_number", "whatsapp", "line", "facebook"),
    *("address_line_2", "city", "state_province_region", "country", "postal_code"),
]
_COUNT_NAMES = {"ANONYMOUSID": "AID", "EMAIL": "EID", "EXTERNALID": "EXTID", "PHONENUMBERID": "PHNID"}


DOUBLE = "sendgrid_double.double"
"""Where a request's WSGI environment has the double that it is for."""


@cache
def api() -> Flask:
    """The API as a Flask application, without what stands in front of it (see `gateway`).

    One for all doubles, since making it takes longer than most that is asked of one.
    """
    app = Flask(__name__, static_folder=None)

    def double() -> SendGridDouble:
        return cast(SendGridDouble, request.environ[DOUBLE])

    def account() -> Account:
        return cast(Account, g.account)

    @app.before_request
    def admit() -> Response | None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return usual_answer(401)
        known_keys = double().api_keys
        if known_keys is not None and key not in known_keys:
            return errors(401, "The provided authorization grant is invalid, expired, or revoked")
        g.account = double().account_for(request.headers.get("on-behalf-of"))
        if double().forbidden or g.account is None:
            return usual_answer(403)
        return None if request.accept_mimetypes.accept_json else usual_answer(406)

    @app.errorhandler(HTTPException)
    def undocumented(error: HTTPException) -> Response:
        return usual_answer(error.code or 500)

    @app.delete(CONTACTS)
    def delete_contacts() -> Response:
        ids, everything = request.args.getlist("ids"), request.args.getlist("delete_all_contacts")
        if not ids and everything == ["true"]:
            return _accepted(account().delete_all())
        if everything or len(ids) != 1 or not ids[0]:
            return errors(400, "either 'ids' OR 'delete_all_contacts' should be supplied as query param")
        contact_ids = ids[0].split(",")
        if not all(map(is_contact_id, contact_ids)) or not double().poison_ids.isdisjoint(contact_ids):
            return errors(400, "invalid contact id", "ids")
        return _accepted(account().delete_contacts(contact_ids))

    @app.delete(f"{CONTACTS}/<contact_id>/identifiers")
    def remove_identifier(contact_id: str) -> Response:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return errors(400, "the body should be a JSON object")
        kind, value = body.get("identifier_type"), body.get("identifier_value")
        if not isinstance(kind, str) or kind not in IDENTIFIER_FIELDS:
            return errors(400, f"should be one of {', '.join(IDENTIFIER_FIELDS)}", "identifier_type")
        if not isinstance(value, str) or not value:
            return errors(400, "should be a non-empty string", "identifier_value")
        try:
            return _accepted(account().remove_identifier(contact_id, kind, value))
        except UnknownContact:
            return errors(404, "contact not found")

    @app.get(f"{CONTACTS}/<contact_id>")
    def get_contact(contact_id: str) -> Response:
        contact = account().contact(contact_id)
        return json_answer(200, _contact_body(contact)) if contact else errors(404, "contact not found")

    @app.post(f"{CONTACTS}/batch")
    def get_contacts() -> Response:
        body = request.get_json(silent=True)
        ids = body.get("ids") if isinstance(body, dict) else None
        if not isinstance(ids, list) or not all(isinstance(contact_id, str) for contact_id in ids):
            return errors(400, "should be a list of contact ids", "ids")
        if len(ids) > MAX_BATCH:
            return errors(400, f"should hold at most {MAX_BATCH} ids", "ids")
        found = (account().contact(contact_id) for contact_id in dict.fromkeys(ids))
        return json_answer(200, {"result": [_contact_body(contact) for contact in found if contact]})

    @app.get(f"{CONTACTS}/count")
    def count_contacts() -> Response:
        count = account().count()
        return json_answer(
            200,
            {
                "contact_count": count.contacts,
                "billable_count": count.billable,
                "identifier_counts": {
                    _COUNT_NAMES[kind]: number for kind, number in count.with_identifier.items()
                },
            },
        )

    @app.get(f"{CONTACTS}/imports/<job_id>")
    def get_import_status(job_id: str) -> Response:
        job = account().job(job_id)
        if job is None or double().clock() < job.started_at + double().settings.job_hidden_seconds:
            return errors(404, "job not found")
        return json_answer(200, _job_body(job, double().settings.job_type, request.host_url))

    app.register_blueprint(exports_api(CONTACTS))
    return app


def _accepted(job: Job) -> Response:
    return json_answer(202, {"job_id": job.id})


def _contact_body(contact: Contact) -> dict[str, object]:
    """As observed 2026-07: blanks are empty strings, no alternate e-mails is null, and identifiers other than
    the e-mail address are absent when the contact does not have them."""
    identifiers = {IDENTIFIER_FIELDS[kind]: value for kind, value in contact.identifiers.items()}
    return {
        **dict.fromkeys(_BLANK_FIELDS, ""),
        "id": contact.id,
        "email": "",
        "address_line_1": contact.address_line_1,
        **identifiers,
        "alternate_emails": None,
        "list_ids": [],
        "segment_ids": [],
        "custom_fields": {},
        "created_at": timestamp(contact.created_at),
        "updated_at": f"{timestamp(contact.updated_at)[:-1]}.{int(contact.updated_at % 1 * 1e9):09}Z",
        "_metadata": {"self": f"https://api.sendgrid.com/v3/marketing/contact/{contact.id}"},
    }


def _job_body(job: Job, job_type: str, host_url: str) -> dict[str, object]:
    """As observed 2026-07 of upserts: until it has run, no count but the requested one."""
    results: dict[str, object] = {"requested_count": job.requested_count}
    body: dict[str, object] = {
        "id": job.id,
        "status": job.status,
        "job_type": job_type,
        "results": results,
        "started_at": timestamp(job.started_at),
    }
    if job.ran_at is None:
        return body
    if job.kind != "remove_identifier":
        results["deleted_count"] = job.deleted_count
    if job.errored_count:
        results["errored_count"] = job.errored_count
        results["errors_url"] = f"{host_url}_double/jobs/{job.id}"
    return body if job.finished_at is None else {**body, "finished_at": timestamp(job.finished_at)}
