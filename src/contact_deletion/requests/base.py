"""The interfaces of all requests, and of those that delete."""

from typing import Any, Protocol


class Request(Protocol):
    """A validated request."""

    @property
    def request_id(self) -> str | None: ...

    @property
    def task_token(self) -> str | None: ...


class DeletionRequest(Request, Protocol):
    """`content` is what the request asks for, without its `request_id` and task token: two requests of the same content
    ask for the same thing.
    """

    @property
    def content(self) -> dict[str, Any]: ...
