"""SendGrid's responses when something is wrong: JSON from the API, HTML from the nginx in front of it."""

import json

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response

_NGINX_STATUSES = {413, 414, 502, 503, 504}
_REASONS = {
    413: "Request Entity Too Large",
    414: "Request-URI Too Large",
    503: "Service Temporarily Unavailable",
}
_MESSAGES = {
    401: "authorization required",
    403: "access forbidden",
    406: "missing Accept header",
    429: "too many requests",
    451: "unavailable due to data residency restrictions",
}


def json_response(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def errors(status: int, message: str, field: str | None = None) -> Response:
    """The errors body that Twilio documents for the whole v3 API."""
    return json_response(status, {"errors": [{"field": field, "message": message}]})


def not_implemented(method: str, path: str) -> Response:
    """The response of the double where it is not SendGrid."""
    return errors(
        501, f"this double of SendGrid does not implement {method} {path}; docs/double.md lists what it does"
    )


def usual_response(status: int) -> Response:
    """What a status usually comes with: a page of nginx, an errors body, or nothing below 400."""
    if status in _NGINX_STATUSES:
        return _nginx_page(status)
    if status >= 400:
        return errors(status, _MESSAGES.get(status) or _reason(status).lower())
    return Response(b"", status)


def break_off(response: Response) -> None:
    """The response promises its whole body and has half of it; then the connection closes."""
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    response.headers["Content-Length"] = str(max(len(body), 1))
    response.headers["Connection"] = "close"


def _reason(status: int) -> str:
    return _REASONS.get(status) or HTTP_STATUS_CODES.get(status, "Unknown Error")


def _nginx_page(status: int) -> Response:
    title = f"{status} {_reason(status)}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Response(page, status, content_type="text/html")
