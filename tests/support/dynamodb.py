"""DynamoDB watched, and DynamoDB in trouble: what botocore's own event system does to a client's calls."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError


class Calls:
    """Counts a client's calls by operation while the block runs."""

    def __init__(self, client: Any) -> None:
        self._events = client.meta.events
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._events.register("before-call.dynamodb", self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.unregister("before-call.dynamodb", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.counts[model.name] += 1


class FailingCalls:
    """Every call of one operation is answered with an error of AWS's while the block runs; of those whose body has a
    text, where one is given.
    """

    def __init__(
        self,
        client: Any,
        operation: str,
        code: str = "InternalServerError",
        service: str = "dynamodb",
        containing: str = "",
    ) -> None:
        self._events = client.meta.events
        self._name = f"before-call.{service}.{operation}"
        self._code = code
        self._containing = containing

    def __enter__(self) -> Self:
        self._events.register(self._name, self._fail)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.unregister(self._name, self._fail)

    def _fail(self, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        if self._containing not in str(params["body"]):
            return None
        answer = {"Error": {"Code": self._code, "Message": "made to fail"}, "ResponseMetadata": {}}
        return AWSResponse("", 400, HTTPHeaders(), None), answer


@contextmanager
def lost_answers(
    client: Any, operation: str, containing: str, meanwhile: Callable[[], object]
) -> Iterator[list[str]]:
    """The answer to the first call of one operation whose body has a text is lost: botocore sends the call again.

    `meanwhile` happens between the two. Gives the bodies of all such calls, as they were sent.
    """
    sent: list[str] = []

    def lose(request: Any, **_: Any) -> None:
        body = request.body.decode()
        if request.headers["X-Amz-Target"].endswith(f".{operation}".encode()) and containing in body:
            sent.append(body)
            if len(sent) == 1:
                meanwhile()
                raise ReadTimeoutError(endpoint_url=request.url)

    # The handlers of a longer name would come before moto's, whose answer is the one that is lost.
    client.meta.events.register_last("before-send", lose)
    try:
        with patch("botocore.endpoint.time.sleep"):
            yield sent
    finally:
        client.meta.events.unregister("before-send", lose)


@contextmanager
def forgetful_batches(
    client: Any, leave_out_times: int, operations: Sequence[str] = ("BatchGetItem", "BatchWriteItem")
) -> Iterator[None]:
    """Batch calls leave everything unprocessed, so many times in all, as DynamoDB does when it has no capacity."""
    left = leave_out_times

    def leave_out(model: Any, params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        nonlocal left
        if left <= 0:
            return None
        left -= 1
        return AWSResponse("", 200, HTTPHeaders(), None), {
            "Responses": {},
            **_unprocessed[model.name](requested.pop()),
        }

    requested: list[Any] = []

    def remember(params: dict[str, Any], **_: Any) -> None:
        requested.append(params["RequestItems"])

    for operation in operations:
        client.meta.events.register(f"provide-client-params.dynamodb.{operation}", remember)
        client.meta.events.register(f"before-call.dynamodb.{operation}", leave_out)
    try:
        yield
    finally:
        for operation in operations:
            client.meta.events.unregister(f"provide-client-params.dynamodb.{operation}", remember)
            client.meta.events.unregister(f"before-call.dynamodb.{operation}", leave_out)


@contextmanager
def partial_answers(client: Any, keys_at_once: int) -> Iterator[None]:
    """Batches of keys are answered a part at a time, as DynamoDB does it when the items together are large."""
    getting = client.batch_get_item

    def get(RequestItems: dict[str, Any]) -> Any:
        ((table, wanted),) = RequestItems.items()
        now, later = wanted["Keys"][:keys_at_once], wanted["Keys"][keys_at_once:]
        unprocessed = {table: wanted | {"Keys": later}} if later else {}
        return getting(RequestItems={table: wanted | {"Keys": now}}) | {"UnprocessedKeys": unprocessed}

    with patch.object(client, "batch_get_item", get):
        yield


_unprocessed = {
    "BatchGetItem": lambda items: {"UnprocessedKeys": items},
    "BatchWriteItem": lambda items: {"UnprocessedItems": items},
}
