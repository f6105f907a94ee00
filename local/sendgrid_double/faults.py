"""What goes wrong, on demand: queued faults, each for the next calls that match it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from werkzeug.wrappers import Response

from local.sendgrid_double.responses import break_off, json_response, usual_response


class ConnectionDropped(Exception):
    """The connection is to be closed without a response."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong on the next `times` calls that match `method` and `route`.

    `route` is a path as documented, "/v3/marketing/contacts/{contact_id}"; `*` in either stands for anything. With
    `containing`, only calls match that have this text in their target or body: the ID of a contact or of a job.

    With a `status`, the response is not the API's but has `body` (text, or what becomes JSON) or, without one, the body
    usual for the status (HTML for 413, 414, 502, 503 and 504). `drop` closes the connection instead of
    responding. Either way nothing was done, unless `takes_effect`. With neither, the API responds.
    `headers` are set on the response, `truncate` sends half of its body, `delay_seconds` holds it back.

        Fault(status=500)
        Fault(drop=True, takes_effect=True)                         the work was done, the response lost
        Fault(status=202, body={"job_id": {}}, takes_effect=True)   the work was done, the job id unusable
        Fault(status=302, headers={"Location": "http://127.0.0.1:1/"})
        Fault(headers={"X-RateLimit-Remaining": "nonsense"})
        Fault(truncate=True)
        Fault(delay_seconds=3)
        Fault(method="DELETE", containing=contact_id, status=503, times=1000)   one ID spoils every call that names it
    """

    method: str = "*"
    route: str = "*"
    containing: str = ""
    times: int = 1
    status: int | None = None
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    takes_effect: bool = False
    truncate: bool = False
    delay_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.times < 1 or self.delay_seconds < 0:
            raise ValueError("a fault has times >= 1 and delay_seconds >= 0")
        if self.drop and (self.status is not None or self.truncate):
            raise ValueError("a dropped connection has no response to change")

    @property
    def reaches_the_api(self) -> bool:
        return self.takes_effect or not (self.drop or self.status is not None)

    def apply(self, response_of_api: Response) -> Response:
        """The response with the fault in it. Raises ConnectionDropped when there is to be none."""
        if self.drop:
            raise ConnectionDropped
        response = response_of_api if self.status is None else self._made_up_response(self.status)
        response.headers.update(self.headers)
        if self.truncate:
            break_off(response)
        return response

    def _made_up_response(self, status: int) -> Response:
        if self.body is None:
            return usual_response(status)
        if isinstance(self.body, str):
            return Response(self.body, status, content_type="text/html")
        return json_response(status, self.body)


class FaultQueue:
    """Faults that have not happened yet, in the order they were added. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """The faults still to come; `times` is what is left of each."""
        with self._lock:
            return list(self._faults)

    def take(self, method: str, route: str, sent: str = "") -> Fault | None:
        """Takes the first fault that matches the call, once; `sent` is its target and its body."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if (
                    fnmatchcase(method, fault.method)
                    and fnmatchcase(route, fault.route)
                    and fault.containing in sent
                ):
                    if fault.times > 1:
                        self._faults[index] = replace(fault, times=fault.times - 1)
                    else:
                        del self._faults[index]
                    return fault
            return None
