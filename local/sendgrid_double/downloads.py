"""Where the files of exports are downloaded from: S3, as far as its presigned links go.

It wants no Authorization header, and is not behind SendGrid's gateway: no rate limit, no Accept header needed.
"""

from urllib.parse import urlencode

from flask import Flask, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.sendgrid_double.double import SendGridDouble
from local.sendgrid_double.exports import Export, ExportFile
from local.sendgrid_double.responses import break_off

PREFIX = "/_s3"


def link(host_url: str, export: Export, file: ExportFile) -> str:
    """The file's link on this host."""
    query = urlencode({"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Signature": file.signature})
    return f"{host_url.rstrip('/')}{PREFIX}/exports/{export.id}/{file.name}?{query}"


def create_downloads(double: SendGridDouble) -> Flask:
    """The downloads as a Flask application."""
    app = Flask(__name__, static_folder=None)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return _error(error.code or 500, error.name.replace(" ", ""), error.name)

    @app.get(f"{PREFIX}/exports/<export_id>/<file_name>")
    def download(export_id: str, file_name: str) -> Response:
        if "Authorization" in request.headers:
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
        export = _export(double, export_id)
        file = next((file for file in export.files if file.name == file_name), None) if export else None
        if not export or not file or request.args.get("X-Amz-Signature") != file.signature:
            return _error(403, "SignatureDoesNotMatch", "The request signature does not match")
        if double.clock() >= export.expires_at:
            return _error(403, "AccessDenied", "Request has expired")
        response = Response(file.content, content_type="binary/octet-stream")
        response.make_conditional(request, accept_ranges=True, complete_length=len(file.content))
        if export.flaw.broken_downloads:
            break_off(response)
        return response

    return app


def _export(double: SendGridDouble, export_id: str) -> Export | None:
    return next(filter(None, (account.exports.get(export_id) for account in double.accounts())), None)


def _error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, content_type="application/xml")
