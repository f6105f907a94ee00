"""What stands in front of the API: the record, latency, nginx's limit on the URL, rate limit and faults.

Downloads are recorded and disturbed too; there is no nginx and no rate limit for them.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from local.sendgrid_double.api import DOUBLE, api
from local.sendgrid_double.control import PREFIX, create_control
from local.sendgrid_double.double import ReceivedRequest, SendGridDouble
from local.sendgrid_double.downloads import PREFIX as DOWNLOADS
from local.sendgrid_double.downloads import create_downloads
from local.sendgrid_double.responses import usual_response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Gateway:
    """The whole double as a WSGI application. Raises ConnectionDropped for a request without a response."""

    def __init__(self, double: SendGridDouble) -> None:
        self._double = double
        self._api = api()

    @cached_property
    def _downloads(self) -> Flask:
        """Made on first use, as the control is: most doubles need neither, and Flask takes its time."""
        return create_downloads(self._double)

    @cached_property
    def _control(self) -> Flask:
        return create_control(self._double)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(PREFIX):
            return self._control(environ, start_response)
        environ[DOUBLE] = self._double
        app = self._downloads if request.path.startswith(DOWNLOADS) else self._api
        received = self._record(request, app)
        if self._double.latency_seconds:
            self._double.sleep(self._double.latency_seconds)
        respond = self._response if app is self._api else self._response_or_fault
        response = respond(app, received, environ)
        received.status = response.status_code
        return response(environ, start_response)

    def _record(self, request: Request, app: Flask) -> ReceivedRequest:
        body = request.get_data()
        request.environ["wsgi.input"] = BytesIO(body)  # the API reads it again
        received = ReceivedRequest(
            received_at=self._double.clock(),
            method=request.method,
            route=_route_of(request, app),
            target=request.environ["RAW_URI"],
            headers=Headers([(name, value) for name, value in request.headers if name != "Authorization"]),
            body=body.decode(errors="replace"),
        )
        self._double.requests.append(received)
        return received

    def _response(self, app: Flask, received: ReceivedRequest, environ: "WSGIEnvironment") -> Response:
        double = self._double
        if received.target_length > double.max_target_length:
            return usual_response(double.too_long_status)
        allowance = double.rate_limiter.take(f"{received.method} {received.route}")
        response = (
            usual_response(429) if allowance.exceeded else self._response_or_fault(app, received, environ)
        )
        for name, value in allowance.headers.items():
            response.headers.setdefault(name, value)
        return response

    def _response_or_fault(
        self, app: Flask, received: ReceivedRequest, environ: "WSGIEnvironment"
    ) -> Response:
        fault = self._double.faults.take(
            received.method, received.route, f"{received.target}\n{received.body}"
        )
        if fault is None:
            return Response.from_app(app, environ)
        response_of_api = Response.from_app(app, environ) if fault.reaches_the_api else Response()
        if fault.delay_seconds:
            self._double.sleep(fault.delay_seconds)
        return fault.apply(response_of_api)


def _route_of(request: Request, app: Flask) -> str:
    try:
        rule, _ = app.url_map.bind("").match(request.path, request.method, return_rule=True)
    except HTTPException:
        return request.path
    return documented_path(rule)


def documented_path(rule: Rule) -> str:
    """The path as Twilio's documentation writes it: "/v3/marketing/contacts/{contact_id}"."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
