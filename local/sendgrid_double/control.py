"""Control of the double over HTTP, for programs that are not Python. JSON in and out, no key.

    GET    /_double             how many contacts, jobs, exports, requests and faults to come there are
    POST   /_double/contacts    [{"email", "phone_number_id", "external_id", "anonymous_id", "alternate_emails",
                                "list_ids", "segment_ids", "contact_id"}], at least one identifier each;
                                the response is {"ids": […]}
    GET    /_double/contacts    all contacts
    GET    /_double/jobs        all jobs; /_double/jobs/<id> one
    POST   /_double/endings     {"ending": "errored" | "failed" | "completed" | "pending", "count": n}: how the
                                next jobs end, as `jobs.ForcedEnding` describes
    GET    /_double/exports     all exports, without their files
    POST   /_double/flaws       what is wrong with the next export, with the fields of `exports.ExportFlaw`
    PATCH  /_double/settings    {"job_delay": 5, …}: any of `settings.Settings`
    POST   /_double/faults      a fault, with the fields of `faults.Fault`
    GET    /_double/faults      the faults still to come; DELETE forgets them
    PUT    /_double/rate-limit  {"limit", "window_seconds", "reset": "epoch" | "seconds"}, or null for none
    GET    /_double/requests    everything received, oldest first
    GET    /_double/clock       {"now": …}, in seconds since the epoch
    POST   /_double/clock/advance   {"seconds": 30}: jobs and exports that are due by then take effect
    GET    /_double/subusers    their names; PUT /_double/subusers/<username> adds one with an empty account
    POST   /_double/reset       forgets contacts, jobs, exports, faults and requests

The header `on-behalf-of` chooses a subuser's account, as in the API. What is not understood is a 400.
docs/double.md describes the fields.
"""

from dataclasses import asdict

from flask import Blueprint, Flask, abort, request
from werkzeug.exceptions import HTTPException

from local.sendgrid_double.account import Account
from local.sendgrid_double.double import ReceivedRequest, SendGridDouble
from local.sendgrid_double.exports import Export, ExportFlaw
from local.sendgrid_double.faults import Fault
from local.sendgrid_double.rate_limit import RateLimit

PREFIX = "/_double"


def create_control(double: SendGridDouble) -> Flask:
    """The control endpoints as a Flask application."""
    app = Flask(__name__, static_folder=None)
    routes = Blueprint("double", __name__, url_prefix=PREFIX)

    def account() -> Account:
        chosen = double.account_for(request.headers.get("on-behalf-of"))
        return abort(404) if chosen is None else chosen

    @app.errorhandler(TypeError)
    @app.errorhandler(ValueError)
    def not_understood(error: Exception) -> tuple[dict[str, str], int]:
        return {"error": str(error)}, 400

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[dict[str, str | None], int]:
        return {"error": error.description}, error.code or 500

    @routes.get("")
    def summary() -> dict[str, int]:
        return {
            "contacts": len(account()),
            "jobs": len(account().jobs()),
            "exports": len(account().exports.all()),
            "requests": len(double.requests),
            "faults": len(double.faults.pending()),
        }

    @routes.post("/contacts")
    def add_contacts() -> tuple[dict[str, list[str]], int]:
        return {"ids": [account().add_contact(**contact) for contact in request.get_json(force=True)]}, 201

    @routes.get("/contacts")
    def contacts() -> list[dict[str, object]]:
        return [asdict(contact) for contact in account().contacts()]

    @routes.get("/jobs")
    def jobs() -> list[dict[str, object]]:
        return [asdict(job) for job in account().jobs()]

    @routes.get("/jobs/<job_id>")
    def job(job_id: str) -> dict[str, object]:
        return asdict(account().job(job_id) or abort(404))

    @routes.post("/endings")
    def force_next_jobs() -> tuple[str, int]:
        account().force_next_jobs(**request.get_json(force=True))
        return "", 204

    @routes.get("/exports")
    def exports() -> list[dict[str, object]]:
        return [_export_body(export) for export in account().exports.all()]

    @routes.post("/flaws")
    def spoil_next_export() -> tuple[str, int]:
        account().exports.spoil_next(ExportFlaw(**request.get_json(force=True)))
        return "", 204

    @routes.patch("/settings")
    def change_settings() -> tuple[str, int]:
        double.settings.change(**request.get_json(force=True))
        return "", 204

    @routes.post("/faults")
    def add_fault() -> tuple[str, int]:
        double.faults.add(Fault(**request.get_json(force=True)))
        return "", 204

    @routes.get("/faults")
    def faults() -> list[dict[str, object]]:
        return [asdict(fault) for fault in double.faults.pending()]

    @routes.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        double.faults.clear()
        return "", 204

    @routes.put("/rate-limit")
    def set_rate_limit() -> tuple[str, int]:
        rate_limit = request.get_json(force=True)
        double.rate_limiter.configure(rate_limit and RateLimit(**rate_limit))
        return "", 204

    @routes.get("/requests")
    def requests() -> list[dict[str, object]]:
        return [_request_body(received) for received in double.requests]

    @routes.get("/clock")
    def clock() -> dict[str, float]:
        return {"now": double.clock()}

    @routes.post("/clock/advance")
    def advance_clock() -> dict[str, float]:
        double.clock.advance(**request.get_json(force=True))
        return clock()

    @routes.get("/subusers")
    def subusers() -> list[str]:
        return list(double.subusers)

    @routes.put("/subusers/<username>")
    def add_subuser(username: str) -> tuple[str, int]:
        if username not in double.subusers:
            double.add_subuser(username)
        return "", 204

    @routes.post("/reset")
    def reset() -> tuple[str, int]:
        double.reset()
        return "", 204

    app.register_blueprint(routes)
    return app


def _export_body(export: Export) -> dict[str, object]:
    return {**asdict(export), "files": [file.name for file in export.files]}


def _request_body(received: ReceivedRequest) -> dict[str, object]:
    return {
        **vars(received),
        "headers": dict(received.headers),
        "target_length": received.target_length,
        "ids": received.ids,
        "ids_count": len(received.ids),
    }
