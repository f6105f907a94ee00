"""DynamoDB watched, and DynamoDB in trouble: what botocore's own event system does to a client's calls."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError


@contextmanager
def on_event(client: Any, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    """The handler is called at each of botocore's events of this name while the block runs."""
    client.meta.events.register(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)


@contextmanager
def counted_calls(client: Any) -> Iterator[Counter[str]]:
    """Counts a client's calls by operation while the block runs."""
    counts: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        counts[model.name] += 1

    with on_event(client, "before-call.dynamodb", count):
        yield counts


def failure(code: str = "InternalServerError") -> tuple[AWSResponse, dict[str, Any]]:
    """An error of AWS's, as a handler of before-call gives it in place of a call."""
    response = {"Error": {"Code": code, "Message": "made to fail"}, "ResponseMetadata": {}}
    return AWSResponse("", 400, HTTPHeaders(), None), response


class FailingCalls(AbstractContextManager[None]):
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
        def fail(params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
            return failure(code) if containing in str(params["body"]) else None

        self._failing = on_event(client, f"before-call.{service}.{operation}", fail)

    def __enter__(self) -> None:
        self._failing.__enter__()

    def __exit__(self, *raised: Any) -> None:
        self._failing.__exit__(*raised)


@contextmanager
def lost_responses(
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

    with ExitStack() as handlers:
        for operation in operations:
            handlers.enter_context(on_event(client, f"provide-client-params.dynamodb.{operation}", remember))
            handlers.enter_context(on_event(client, f"before-call.dynamodb.{operation}", leave_out))
        yield


@contextmanager
def partial_responses(client: Any, keys_at_once: int) -> Iterator[None]:
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
