"""Looks up which contacts exist, for any number of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred, RateLimited, SendGridRefused
from contact_deletion.sendgrid.ask_each import ask_each
from contact_deletion.sendgrid.client import MAX_LOOKED_UP, SendGridClient
from contact_deletion.sendgrid.transport import CALL_SECONDS

# One ID that spoils its call is found in 7 divisions, with 8 refused calls.
MAX_DIVISIONS = 16

# After so many, and no answer to any call, the refusals are not about IDs. SendGrid blocks accounts for bad requests.
MAX_REFUSALS_WITHOUT_ANSWER = 8

Chunk = tuple[str, ...]


@dataclass
class Existence:
    """The result of a lookup.

    `found` are the contacts that exist, `unchecked` those that SendGrid refused to look up, and of these, `unreadable`
    those that it refused to look up alone. `errors` has the reason for each other contact that was not looked up. Of
    these, `out_of_time` are those for which no time was left, and of these, `undivided` are in a refused call that was
    to be divided further; the next invocation may have no more time.
    """

    found: set[str] = field(default_factory=set)
    unchecked: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    errors: dict[str, Deferred] = field(default_factory=dict)
    out_of_time: set[str] = field(default_factory=set)
    undivided: set[str] = field(default_factory=set)

    def require(self, contact_ids: frozenset[str]) -> None:
        """Raises the error of a contact that was not looked up."""
        for contact_id in self.errors.keys() & contact_ids:
            raise self.errors[contact_id]


def look_up(
    client: SendGridClient, contact_ids: Iterable[str], deadline: Deadline, *, per_call: int = MAX_LOOKED_UP
) -> Existence:
    """Looks up each contact once. A refused call is divided, down to the ID where few are the cause."""
    ids = tuple(dict.fromkeys(contact_ids))
    calls = _Calls(client, deadline)
    existence = Existence()
    chunks = [ids[start : start + per_call] for start in range(0, len(ids), per_call)]
    divisions_left = MAX_DIVISIONS
    are_parts = False
    while chunks:
        refused: list[Chunk] = []
        for chunk, answer in ask_each(chunks, calls.existing).items():
            if isinstance(answer, Deferred):
                existence.errors |= dict.fromkeys(chunk, answer)
                if _is_out_of_time(answer, deadline):
                    existence.out_of_time.update(chunk)
                    existence.undivided.update(chunk if are_parts else ())
            elif answer is None:
                refused.append(chunk)
            else:
                existence.found |= answer
        divided = [] if calls.is_futile else [chunk for chunk in refused if len(chunk) > 1][:divisions_left]
        divisions_left -= len(divided)
        existence.unchecked.update(*set(refused).difference(divided))
        existence.unreadable.update(*(chunk for chunk in refused if len(chunk) == 1))
        chunks = [half for chunk in divided for half in _halves(chunk)]
        are_parts = True
    return existence


class _Calls:
    def __init__(self, client: SendGridClient, deadline: Deadline) -> None:
        self._client = client
        self._deadline = deadline
        self._refusals = 0
        self._has_answer = False

    @property
    def is_futile(self) -> bool:
        return not self._has_answer and self._refusals >= MAX_REFUSALS_WITHOUT_ANSWER

    def existing(self, chunk: Sequence[str]) -> frozenset[str] | None:
        """Those of the contacts that exist; None where the call is refused, or is not made because others were.

        A call for one contact is always made.
        """
        if self.is_futile and len(chunk) > 1:
            return None
        try:
            existing = self._client.existing_contacts(chunk, self._deadline)
        except SendGridRefused:
            self._refusals += 1
            return None
        self._has_answer = True
        return existing


def _is_out_of_time(error: Deferred, deadline: Deadline) -> bool:
    return isinstance(error, RateLimited) or deadline.remaining() < CALL_SECONDS


def _halves(chunk: Chunk) -> tuple[Chunk, Chunk]:
    middle = len(chunk) // 2
    return chunk[:middle], chunk[middle:]
