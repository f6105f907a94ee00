"""One endpoint for all of AWS: what is for Lambda goes to the stack's own API, the rest to moto."""

import http.client
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from local.aws.lambda_api import LAMBDA_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class LambdaFront:
    """A WSGI application before another: `lambda_url` receives the calls to Lambda, `others` all others."""

    def __init__(self, lambda_url: str, others: "WSGIApplication") -> None:
        self._lambda_host = urlsplit(lambda_url).netloc
        self._others = others

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        # The path as it came: decoded, a slash or colon in a function's ARN would be lost on the way.
        path = environ["REQUEST_URI"]
        if path.startswith(LAMBDA_PATH):
            return self._forwarded(path, Request(environ))(environ, start_response)
        return self._others(environ, start_response)

    def _forwarded(self, path: str, request: Request) -> Response:
        with closing(http.client.HTTPConnection(self._lambda_host)) as connection:
            connection.request(request.method, path, request.get_data(), dict(request.headers))
            response = connection.getresponse()
            # Without those that are the connection's.
            headers = [
                item
                for item in response.getheaders()
                if item[0].lower().startswith(("content-type", "x-amz"))
            ]
            return Response(response.read(), response.status, headers)
