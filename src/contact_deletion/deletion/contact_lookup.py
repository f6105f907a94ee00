"""Finds the contacts of the requests that name them by identifiers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.deletion.identifier_search import Answer, IdentifierSearch
from contact_deletion.errors import Deferred, Failure, SendGridRefused
from contact_deletion.outcomes import Accepted, Checkpoint, DeletionOutcome
from contact_deletion.requests.bulk_deletion import BulkDelete, Identifiers
from contact_deletion.requests.identifiers import IdentifierType, canonical, may_exist
from contact_deletion.requests.resolution import (
    ALTERNATE,
    FOUND,
    INVALID,
    UNRESOLVED,
    Resolution,
)
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.transport import CALL_SECONDS

Answers = Mapping[IdentifierType, Mapping[str, Answer]]


@dataclass(frozen=True)
class FoundContacts:
    """A request with the IDs of its contacts, and how far its earlier deliveries have come.

    A request by identifiers has a `resolution`, and the `failure` for which it is not complete.
    """

    request: BulkDelete
    before: Checkpoint
    resolution: Resolution | None = None
    failure: Failure | None = None

    def concluded(
        self, outcome: DeletionOutcome, checkpoint: Checkpoint
    ) -> tuple[DeletionOutcome, Checkpoint]:
        """The outcome and the checkpoint of the request, from those of the contacts that were found."""
        if self.resolution is None:
            return outcome, checkpoint
        if isinstance(outcome, Accepted):
            if self.failure is None:
                return _accepted(outcome, self.resolution), checkpoint
            done = frozenset(self.request.contact_ids)
            return self.failure.with_jobs(outcome.job_ids), Checkpoint(done, resolution=self.resolution)
        if isinstance(self.failure, Deferred):
            outcome = self.failure.with_jobs(outcome.job_ids)
        return outcome, replace(checkpoint, resolution=self.resolution)


def find_contacts(
    client: SendGridClient,
    requests: Sequence[BulkDelete],
    before: Sequence[Checkpoint],
    deadline: Deadline,
    clock: Clock,
) -> list[FoundContacts]:
    """Searches for the identifiers of all requests together, each once, and leaves time for a deletion."""
    open_values: defaultdict[IdentifierType, list[str]] = defaultdict(list)
    for request, checkpoint in zip(requests, before, strict=True):
        if request.identifiers is not None:
            kind = request.identifiers.identifier_type
            states = _reached(request.identifiers, checkpoint).states
            open_values[kind] += [
                value
                for value, state in zip(request.identifiers.values, states, strict=True)
                if state == UNRESOLVED and may_exist(kind, value)
            ]
    answers: dict[IdentifierType, Mapping[str, Answer]] = {}
    for identifier_type, values in open_values.items():
        search = IdentifierSearch(
            client, identifier_type, Deadline(deadline.invocation_ends - CALL_SECONDS, clock)
        )
        search.run(values)
        answers[identifier_type] = search.answers
    return [_found(*named, answers) for named in zip(requests, before, strict=True)]


def _found(request: BulkDelete, before: Checkpoint, answers: Answers) -> FoundContacts:
    if request.identifiers is None:
        return FoundContacts(request, before)
    resolution, failure = _resolved(request.identifiers, _reached(request.identifiers, before), answers)
    request = replace(request, contact_ids=tuple(sorted(resolution.contact_ids)))
    return FoundContacts(request, before, resolution, failure)


def _reached(identifiers: Identifiers, before: Checkpoint) -> Resolution:
    """The resolution of earlier deliveries."""
    return before.resolution or Resolution.none_of(len(identifiers.values))


def _resolved(
    identifiers: Identifiers, before: Resolution, answers: Answers
) -> tuple[Resolution, Failure | None]:
    """The resolution with the answers, and why it is not complete: a reason worth retrying, if there is one."""
    kind = identifiers.identifier_type
    states, contact_ids = list(before.states), set(before.contact_ids)
    failures: list[Failure] = []
    for position, value in enumerate(identifiers.values):
        if states[position] != UNRESOLVED:
            continue
        answer = answers[kind][canonical(kind, value)] if may_exist(kind, value) else INVALID
        if isinstance(answer, Failure):
            failures.append(answer)
        elif isinstance(answer, str):
            states[position] = answer
        elif answer.is_alternate and not identifiers.match_alternate_emails:
            states[position] = ALTERNATE
        else:
            states[position] = FOUND
            contact_ids.add(answer.contact_id)
    failures.sort(key=lambda failure: not isinstance(failure, Deferred))
    return Resolution("".join(states), frozenset(contact_ids)), failures[0] if failures else None


def _accepted(outcome: Accepted, resolution: Resolution) -> Accepted | SendGridRefused:
    counts = resolution.counts
    if counts.invalid == len(resolution.states):
        return SendGridRefused("SendGrid refuses to search for any of the identifiers")
    notes = [outcome.note] if outcome.note else []
    if counts.alternate_email_matches:
        notes.append("contacts that have an address only as an alternate one were left alone")
    if counts.invalid:
        notes.append("some identifiers are invalid")
    return replace(outcome, resolution=resolution, note="; ".join(notes))
