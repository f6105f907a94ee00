"""The endpoints under /v3/marketing.

Undocumented, and decided so: `ids` together with `delete_all_contacts`, `ids` given more than once, and any
id that is not a UUID (a space after the comma spoils one) are a 400; contacts that a batch look-up does not
find are left out; the most recent contacts of a sample are those that were updated last; an `on-behalf-of` that names
no subuser is a 403.

What is not implemented is a 501, before anything else: SendGrid's own 404 would be taken for its word.
"""

from functools import cache
from operator import attrgetter
from typing import cast

from flask import Flask, g, request
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response

from local.sendgrid_double.account import Account, UnknownContact
from local.sendgrid_double.bodies import accepted, contact_body, job_body
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS, is_uuid
from local.sendgrid_double.double import SendGridDouble
from local.sendgrid_double.exports_api import exports_api
from local.sendgrid_double.groups_api import groups_api
from local.sendgrid_double.responses import errors, json_response, not_implemented, usual_response
from local.sendgrid_double.search_api import search_api
from local.sendgrid_double.upsert_api import upsert_api

_MARKETING = "/v3/marketing"
CONTACTS = f"{_MARKETING}/contacts"
MAX_BATCH = 100
MAX_SAMPLE = 50
_COUNT_NAMES = {"ANONYMOUSID": "AID", "EMAIL": "EID", "EXTERNALID": "EXTID", "PHONENUMBERID": "PHNID"}


class _ContactId(BaseConverter):
    """A path segment that is not another endpoint's: GET …/contacts/batch asks for no contact of that name."""

    regex = "(?!(?:batch|count|exports|imports|search)$)[^/]+"
    part_isolating = True


DOUBLE = "sendgrid_double.double"
"""Where a request's WSGI environment has the double that it is for."""

HEADER_NAMES = "sendgrid_double.header_names"
"""Where it has the names of the headers as they were sent: WSGI does not keep their case."""


@cache
def api() -> Flask:
    """The API as a Flask application, without what stands in front of it (see `gateway`).

    One for all doubles, since making it takes longer than most that is asked of one.
    """
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    # Or a path with two slashes would be redirected.
    app.url_map.merge_slashes = False
    app.url_map.converters["contact_id"] = _ContactId

    def double() -> SendGridDouble:
        return cast(SendGridDouble, request.environ[DOUBLE])

    def account() -> Account:
        return cast(Account, g.account)

    @app.before_request
    def admit() -> Response | None:
        if request.routing_exception is not None:
            return not_implemented(request.method, request.path)
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key:
            return usual_response(401)
        known_keys = double().api_keys
        if known_keys is not None and key not in known_keys:
            return errors(401, "The provided authorization grant is invalid, expired, or revoked")
        g.account = double().account_for(_subuser_named())
        if double().forbidden or g.account is None:
            return usual_response(403)
        return None if request.accept_mimetypes.accept_json else usual_response(406)

    def _subuser_named() -> str | None:
        if (
            double().settings.on_behalf_of_is_case_sensitive
            and "On-Behalf-Of" not in request.environ[HEADER_NAMES]
        ):
            return None
        return request.headers.get("on-behalf-of")

    @app.delete(CONTACTS)
    def delete_contacts() -> Response:
        ids, everything = request.args.getlist("ids"), request.args.getlist("delete_all_contacts")
        if not ids and everything == ["true"]:
            return accepted(account().delete_all())
        if everything or len(ids) != 1 or not ids[0]:
            return errors(400, "either 'ids' OR 'delete_all_contacts' should be supplied as query param")
        contact_ids = ids[0].split(",")
        if not all(map(is_uuid, contact_ids)) or not double().poison_ids.isdisjoint(contact_ids):
            return errors(400, "invalid contact id", "ids")
        status = double().settings.unknown_id_status
        if status != 202 and not account().has_all(contact_ids):
            return errors(status, "one or more contact IDs do not exist", "ids")
        return accepted(account().delete_contacts(contact_ids))

    @app.get(CONTACTS)
    def get_sample() -> Response:
        contacts = account().read_contacts()
        recent = sorted(contacts, key=attrgetter("updated_at"))[-MAX_SAMPLE:]
        return json_response(
            200,
            {
                "result": [contact_body(contact) for contact in sorted(recent, key=attrgetter("email"))],
                "contact_count": len(contacts),
                "_metadata": {"self": f"https://api.sendgrid.com{CONTACTS}"},
            },
        )

    @app.delete(f"{CONTACTS}/<contact_id:contact_id>/identifiers")
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
            return accepted(account().remove_identifier(contact_id, kind, value))
        except UnknownContact:
            return errors(404, "contact not found")

    @app.get(f"{CONTACTS}/<contact_id:contact_id>")
    def get_contact(contact_id: str) -> Response:
        contact = account().read_contact(contact_id)
        return json_response(200, contact_body(contact)) if contact else errors(404, "contact not found")

    @app.post(f"{CONTACTS}/batch")
    def get_contacts() -> Response:
        body = request.get_json(silent=True)
        ids = body.get("ids") if isinstance(body, dict) else None
        if not isinstance(ids, list) or not all(isinstance(contact_id, str) for contact_id in ids):
            return errors(400, "should be a list of contact ids", "ids")
        if len(ids) > MAX_BATCH:
            return errors(400, f"should hold at most {MAX_BATCH} ids", "ids")
        found = (account().read_contact(contact_id) for contact_id in dict.fromkeys(ids))
        return json_response(200, {"result": [contact_body(contact) for contact in found if contact]})

    @app.get(f"{CONTACTS}/count")
    def count_contacts() -> Response:
        count = account().count()
        return json_response(
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
        settings = double().settings
        age = 0 if job is None else double().clock() - job.started_at
        is_forgotten = settings.job_lifetime_seconds is not None and age >= settings.job_lifetime_seconds
        if job is None or age < settings.job_hidden_seconds or is_forgotten:
            return errors(404, "job not found")
        return json_response(200, job_body(job, settings, request.host_url))

    for routes in (upsert_api(CONTACTS), search_api(CONTACTS), exports_api(CONTACTS), groups_api(_MARKETING)):
        app.register_blueprint(routes)
    return app
