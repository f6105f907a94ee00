"""The endpoints under /v3/marketing/contacts/exports.

Undocumented, and decided so: an export that names several lists or segments holds the contacts that are on one of
them; an export of a list or segment without contacts has a file without rows; a megabyte is 1,000,000 bytes; an export
whose links have expired is still `ready` and shows them, but is not listed any more; exports are listed in the order
they were asked for, under one user ID; one that names lists and segments is a `list_export`; lists and segments have
no names.
"""

from typing import Any, cast

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from local.sendgrid_double.account import Account
from local.sendgrid_double.contacts import is_uuid
from local.sendgrid_double.downloads import link
from local.sendgrid_double.exports import Export
from local.sendgrid_double.responses import errors, json_response
from local.sendgrid_double.timestamps import timestamp

_MEGABYTE = 1_000_000
_DEFAULT_MEGABYTES = 5000
_USER_ID = "1"


def exports_api(prefix: str) -> Blueprint:
    """The endpoints, below `prefix`; they work on `flask.g.account`."""
    routes = Blueprint("exports", __name__, url_prefix=f"{prefix}/exports")

    def account() -> Account:
        return cast(Account, g.account)

    def links(export: Export) -> list[str]:
        return [link(request.host_url, export, file) for file in account().exports.shown_files(export)]

    @routes.post("")
    def start_export() -> Response:
        body = request.get_json(silent=True) if request.get_data() else {}
        if not isinstance(body, dict):
            return errors(400, "the body should be a JSON object")
        wrong = _wrong_field(body)
        if wrong:
            return errors(400, "is not what is documented", wrong)
        export = account().exports.start(
            body.get("file_type", "csv"),
            max_file_bytes=body.get("max_file_size", _DEFAULT_MEGABYTES) * _MEGABYTE,
            list_ids=body.get("list_ids", []),
            segment_ids=body.get("segment_ids", []),
        )
        return json_response(202, {"_metadata": _metadata(export), "id": export.id})

    @routes.get("")
    def list_exports() -> Response:
        return json_response(
            200,
            {
                "result": [_listed(export, links(export)) for export in account().exports.current()],
                "_metadata": {"self": "https://api.sendgrid.com/v3/marketing/contacts/exports"},
            },
        )

    @routes.get("/<export_id>")
    def get_export_status(export_id: str) -> Response:
        export = account().exports.get(export_id)
        return json_response(200, _body(export, links(export))) if export else errors(404, "export not found")

    return routes


def _wrong_field(body: dict[str, Any]) -> str | None:
    size = body.get("max_file_size", 1)
    lists, segments = body.get("list_ids", []), body.get("segment_ids", [])
    notifications = body.get("notifications", {})
    is_right = {
        "file_type": body.get("file_type", "csv") in ("csv", "json"),
        "max_file_size": type(size) is int and size > 0,
        "list_ids": isinstance(lists, list) and all(map(is_uuid, lists)),
        "segment_ids": isinstance(segments, list) and all(isinstance(name, str) for name in segments),
        "notifications": isinstance(notifications, dict)
        and isinstance(notifications.get("email", False), bool),
    }
    return next((field for field, right in is_right.items() if not right), None)


def _metadata(export: Export) -> dict[str, str]:
    return {"self": f"https://api.sendgrid.com/v3/marketing/contacts/exports/{export.id}"}


def _body(export: Export, links: list[str]) -> dict[str, object]:
    body = _common(export, links)
    body["updated_at"] = timestamp(export.ended_at or export.created_at)
    if export.status == "failure":
        body["message"] = export.flaw.message
    if export.contact_count is not None:
        body["contact_count"] = export.contact_count
    return body


def _listed(export: Export, links: list[str]) -> dict[str, object]:
    kind = "list" if export.list_ids else "segment" if export.segment_ids else "contacts"
    return {
        **_common(export, links),
        "user_id": _USER_ID,
        "export_type": f"{kind}_export",
        "segments": [{"ID": segment_id, "Name": ""} for segment_id in export.segment_ids],
        "lists": [{"ID": list_id, "Name": ""} for list_id in export.list_ids],
    }


def _common(export: Export, links: list[str]) -> dict[str, object]:
    body: dict[str, object] = {
        "id": export.id,
        "status": export.status,
        "created_at": timestamp(export.created_at),
        "expires_at": timestamp(export.expires_at),
        "_metadata": _metadata(export),
    }
    if export.ended_at is not None:
        body["completed_at"] = timestamp(export.ended_at)
    if export.status == "ready":
        body["urls"] = links
    return body
