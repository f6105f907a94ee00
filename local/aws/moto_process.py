"""The process in which moto runs: `python -m local.aws.moto_process HOSTS PORT LAMBDA_URL TIME_SCALE`.

HOSTS are separated by commas. Prints the port it listens on, then serves until its standard input ends: when the
parent stops it, or dies.
"""

import base64
import json
import logging
import sys
import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler
from moto.sns.models import sns_backends
from moto.sqs.models import Message, sqs_backends
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from local.aws import (
    moto_batch,  # noqa: F401 - before moto's Step Functions is imported
    moto_distributed_map,
    moto_nested_executions,
    moto_sqs,
    moto_step_functions,
)
from local.aws.lambda_front import LambdaFront
from local.aws.moto_description import StackDescription
from local.aws.moto_server import CONTROL_PATH, LOOPBACK
from local.aws.names import ACCOUNT_ID, REGION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Application:
    """moto's application, one call at a time, and the control that is the stack's own."""

    def __init__(
        self, moto: "WSGIApplication", lock: threading.Condition, description: StackDescription
    ) -> None:
        self._moto = moto
        self._lock = lock
        self._description = description

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        with self._lock:
            request = Request(environ)
            if request.path.startswith(CONTROL_PATH):
                return _control(request, self._description)(environ, start_response)
            return self._moto(environ, start_response)


def _control(request: Request, description: StackDescription) -> Response:
    """What AWS has no call for, or none without side effects."""
    queues = sqs_backends[ACCOUNT_ID][REGION].queues
    topics = sns_backends[ACCOUNT_ID][REGION].topics
    response: Any = None
    match request.path.removeprefix(CONTROL_PATH).split("/"):
        case ["queues"]:
            response = {name: moto_sqs.counts(queue) for name, queue in queues.items()}
        case ["queues", name, "messages", start] if name in queues:
            response = [_as_received(message) for message in queues[name]._messages[int(start) :]]
        case ["queues", name, "end-visibility-timeouts"] if name in queues:
            for message in queues[name]._messages:
                message.visible_at = 0
        case ["visibility-timeout-scale", scale]:
            moto_sqs.visibility_timeout_scale = float(scale)
        case ["topics", arn, "messages"] if arn in topics:
            response = [
                {"Subject": subject, "Message": message}
                for _, message, subject, *_ in topics[arn].sent_notifications
            ]
        case ["description"]:
            description.set(request.get_json())
        case _:
            return Response(status=404)
    return Response(json.dumps(response, default=_base64), content_type="application/json")


def _as_received(message: Message) -> dict[str, Any]:
    return {
        "MessageId": message.id,
        "Body": message.body,
        "Attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
        },
        "MessageAttributes": message.message_attributes,
    }


def _base64(binary_attribute: bytes) -> str:
    return base64.b64encode(binary_attribute).decode()


def main(hosts: Sequence[str], port: int, lambda_url: str, time_scale: float) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    description = StackDescription()
    moto = DomainDispatcherApplication(description.create_app)
    # Otherwise matched against every service's URL pattern on every call.
    moto.get_backend_for_host = cache(moto.get_backend_for_host)  # type: ignore[method-assign]
    lock = moto_sqs.apply()
    # Calls to Lambda do not wait for the lock: the functions that are invoked make calls themselves.
    application = LambdaFront(lambda_url, Application(moto, lock, description))
    servers: list[BaseWSGIServer] = []
    for host in hosts:
        server = make_server(host, port, application, threaded=True, request_handler=MotoRequestHandler)
        servers.append(server)
        port = server.port
    moto_step_functions.apply(lock, f"http://{LOOPBACK}:{port}", lambda_url, time_scale)
    moto_distributed_map.apply()
    moto_nested_executions.apply()
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1].split(","), int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
