"""SendGrid in this process: takes every deletion, within its rate limit."""

import io
import json
import time
import uuid
from http import HTTPStatus
from threading import Lock
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter

from benchmarks.sendgrid import LATENCY_SECONDS, Received
from benchmarks.simulation.clock import SkippingClock
from local.sendgrid_double import RateLimit
from local.sendgrid_double.rate_limit import RateLimiter


class InProcessSendGrid(BaseAdapter):
    """Is mounted on a session of `requests`.

    It marks each contact by its number, which its id ends with: a set of the ids would take the memory that is to be
    measured.
    """

    def __init__(self, contacts: int, limit: RateLimit, clock: SkippingClock) -> None:
        super().__init__()
        self._clock = clock
        self._limiter = RateLimiter(clock, limit)
        self._lock = Lock()
        self._accepted = bytearray(contacts)
        self._calls = self._refused = 0
        self._last_accepted_at = 0.0

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        time.sleep(LATENCY_SECONDS)
        allowance = self._limiter.take("DELETE contacts")
        with self._lock:
            self._calls += 1
            self._refused += allowance.exceeded
            if not allowance.exceeded:
                self._last_accepted_at = self._clock()
                for contact_id in (request.url or "").partition("ids=")[2].split("%2C"):
                    self._accepted[contact_number(contact_id)] = 1
        if allowance.exceeded:
            return _response(request, HTTPStatus.TOO_MANY_REQUESTS, allowance.headers, {})
        return _response(request, HTTPStatus.ACCEPTED, allowance.headers, {"job_id": str(uuid.uuid4())})

    def received(self) -> Received:
        return Received(self._calls, self._refused, self._accepted.count(1), self._last_accepted_at)

    def close(self) -> None:
        pass


def contact_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def contact_number(contact_id: str) -> int:
    return int(contact_id[-12:], 16)


def _response(
    request: requests.PreparedRequest, status: HTTPStatus, headers: dict[str, str], body: object
) -> requests.Response:
    response = requests.Response()
    response.request = request
    response.status_code = status
    response.headers.update(headers)
    response.raw = urllib3.HTTPResponse(io.BytesIO(json.dumps(body).encode()), preload_content=False)
    return response
