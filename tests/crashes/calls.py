"""Each call that leaves a function's process, numbered in its order, and one of them interrupted."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import requests
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from requests.adapters import HTTPAdapter

from tests.support.world import World

SENDGRID = "sendgrid"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOBODY_LISTENS = "http://127.0.0.1:1/"


class Way(StrEnum):
    FAILS = "it fails before it took effect"
    DIES = "it takes effect, and the process dies"
    RESPONSE_LOST = "it takes effect, and its answer is lost"
    REPEATED = "it takes effect, and botocore sends it again because the response is lost"


class ProcessDied(BaseException):
    """Nothing of the function's catches it, as nothing outlives a process."""


@dataclass(frozen=True)
class Deletion:
    """A DELETE as it was sent to SendGrid. `call` is its number; `recorded` has the keys of the requests that the
    ledger knew as done by then, `job_id` what SendGrid started.
    """

    call: int
    everything: bool
    contact_ids: frozenset[str]
    recorded: frozenset[str]
    bodies: tuple[str, ...]
    sent_at: float
    job_id: str | None


@dataclass
class Calls:
    """What is called within `invocation`; call number `at` is interrupted in one way."""

    world: World
    at: int | None = None
    way: Way | None = None
    names: list[str] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    bodies: tuple[str, ...] = ()

    @contextmanager
    def invocation(self, event: dict[str, Any]) -> Iterator[None]:
        """The calls of the poller, and of the test, are outside."""
        self.bodies = tuple(record["body"] for record in event["Records"])
        with ExitStack() as watched:
            for service in ("dynamodb", "sqs", "secretsmanager", "events", "stepfunctions"):
                watched.enter_context(self._of_client(self.world.runtime.aws_client(service)))
            self.world.runtime.session.mount("http://", _SendGrid(self))
            yield

    def begin(self, name: str) -> Way | None:
        """How this call is interrupted, if it is the one."""
        self.names.append(name)
        return self.way if len(self.names) == self.at else None

    def recorded(self) -> frozenset[str]:
        """The keys of what the ledger has as done."""
        items = self.world.ledger()
        return frozenset(item["id"]["S"] for item in items if item["status"]["S"] == "COMPLETED")

    @contextmanager
    def _of_client(self, client: Any) -> Iterator[None]:
        service = client.meta.service_model.service_id.hyphenize()
        interrupted: list[Way] = []

        def before(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
            way = self.begin(f"{service} {model.name}")
            if way is Way.FAILS:
                error = {"Code": "InternalServerError", "Message": "made to fail"}
                return AWSResponse("", 500, HTTPHeaders(), None), {"Error": error, "ResponseMetadata": {}}
            interrupted.extend([way] if way else [])
            return None

        def after(**_: Any) -> None:
            if interrupted:
                if interrupted.pop() is Way.DIES:
                    raise ProcessDied
                raise ReadTimeoutError(endpoint_url=service)

        def sent(**_: Any) -> None:
            """Below botocore's retries. Of the general event, or it would be before moto has answered."""
            if interrupted == [Way.REPEATED]:
                interrupted.clear()
                raise ReadTimeoutError(endpoint_url=service)

        client.meta.events.register(f"before-call.{service}", before)
        client.meta.events.register_last("before-send", sent)
        client.meta.events.register_last(f"after-call.{service}", after)
        try:
            with patch("botocore.endpoint.time", SimpleNamespace(sleep=self.world.clock.sleep)):
                yield
        finally:
            client.meta.events.unregister(f"before-call.{service}", before)
            client.meta.events.unregister("before-send", sent)
            client.meta.events.unregister(f"after-call.{service}", after)


class _SendGrid(HTTPAdapter):
    """The way to SendGrid."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        path, _, query = str(request.path_url).partition("?")
        way = self._calls.begin(f"{SENDGRID} {request.method} {_UUID.sub('{id}', path)}")
        if way is Way.FAILS:
            request.url = _NOBODY_LISTENS
            return super().send(request, *args, **kwargs)
        if request.method == "DELETE":
            with self._noted(request, everything=query == "delete_all_contacts=true"):
                response = super().send(request, *args, **kwargs)
        else:
            response = super().send(request, *args, **kwargs)
        if way is None:
            return response
        response.close()
        raise ProcessDied if way is Way.DIES else requests.ReadTimeout(request=request)

    @contextmanager
    def _noted(self, request: requests.PreparedRequest, *, everything: bool) -> Iterator[None]:
        world = self._calls.world
        recorded = self._calls.recorded()
        jobs_before = len(world.double.account.jobs())
        yield
        started = world.double.account.jobs()[jobs_before:]
        self._calls.deletions.append(
            Deletion(
                call=len(self._calls.names),
                everything=everything,
                contact_ids=frozenset(_UUID.findall(str(request.path_url))),
                recorded=recorded,
                bodies=self._calls.bodies,
                sent_at=world.clock(),
                job_id=started[0].id if started else None,
            )
        )
