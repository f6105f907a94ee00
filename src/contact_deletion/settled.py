"""A delivery with its outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from contact_deletion.inbound import QueueMessage
from contact_deletion.outcomes import Outcome
from contact_deletion.request.base import Request


@dataclass(frozen=True)
class Settled:
    """`message` is None for a direct invocation, `request` for what is none.

    `request_id` and `task_token` are told as well where the rest of the request is wrong.
    """

    message: QueueMessage | None
    request: Request | None
    request_id: str | None
    task_token: str | None = field(repr=False)
    outcome: Outcome

    @property
    def message_id(self) -> str | None:
        return self.message.message_id if self.message else None


def with_outcomes(settled: Sequence[Settled], outcomes: Mapping[int, Outcome]) -> Sequence[Settled]:
    """The same deliveries; those whose `id()` the `outcomes` have, have those."""
    return [replace(one, outcome=outcomes[id(one)]) if id(one) in outcomes else one for one in settled]
