"""What the three kinds of request have in common."""

from typing import Any, Protocol


class Request(Protocol):
    """A validated request.

    `content` is what the request asks for, without its `request_id` and task token: two requests of the same content
    ask for the same thing.
    """

    @property
    def request_id(self) -> str | None: ...

    @property
    def task_token(self) -> str | None: ...

    @property
    def content(self) -> dict[str, Any]: ...
