"""Deletes the contacts of a batch of requests in as few calls as possible."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from random import sample

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.deletion.contact_lookup import FoundContacts, find_contacts
from contact_deletion.deletion.packing import DeletionCall, TargetBudget, packed
from contact_deletion.deletion.progress import ABOUT_THE_IDS, STILL_SHOWN, Progress
from contact_deletion.errors import (
    Deferred,
    RateLimited,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.observability import Telemetry
from contact_deletion.outcomes import Checkpoint, DeletionOutcome
from contact_deletion.requests.bulk_deletion import BulkDelete
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.existence import look_up

_TOO_LONG = frozenset({413, 414})

# If so many parts of a divided call are refused and none is accepted, they are not refused for an ID of theirs. A part
# of one ID does not count.
REFUSED_ALIKE = 4

# At most this many contacts that were refused before are sent in calls of their own. Few of them can be deleted, and
# those would be refused with the others of their call. If there are more, this many are drawn at random, and the others
# wait for a later invocation unless all that were drawn are refused.
MAX_SENT_ALONE = 50

# So many calls in a row that are answered 5xx did not fail for an ID of theirs.
OUTAGE = 3


class BulkDeletion:
    """The deletion calls for one batch of requests, concurrent as far as the rate limit allows.

    `before` has the checkpoint of each request, which its earlier deliveries have reached. `budget` lives as long as
    the execution environment.

    A contact that SendGrid shows and refuses to delete may have been deleted a moment ago. It is only looked up until
    `consistency_window_seconds` are over, then sent once more, and rejected if it is refused again.
    """

    def __init__(
        self,
        client: SendGridClient,
        telemetry: Telemetry,
        threads: Executor,
        clock: Clock,
        consistency_window_seconds: float,
        budget: TargetBudget,
        requests: Sequence[BulkDelete],
        before: Sequence[Checkpoint],
        deadline: Deadline,
    ) -> None:
        self._client = client
        self._telemetry = telemetry
        self._threads = threads
        self._clock = clock
        self._window = consistency_window_seconds
        self._budget = budget
        self._requests = requests
        self._before = before
        self._deadline = deadline
        self._found: list[FoundContacts] = []
        self._pending: list[Sequence[str]] = []
        self._retried = any(request.retried for request in requests)
        self._is_up: bool | None = None
        self._waiting: deque[DeletionCall] = deque()
        self._in_flight: dict[Future[str], DeletionCall] = {}
        self._in_doubt: list[tuple[DeletionCall, SendGridRefused | SendGridUnavailable]] = []
        self._undivided: deque[tuple[DeletionCall, SendGridRefused]] = deque()
        self._existing: set[str] = set()
        self._unconfirmed: set[str] = set()
        self._progress = Progress(consistency_window_seconds)
        self._drawn: list[str] = []
        self._not_drawn: list[str] = []
        self._refused_parts = 0
        self._any_part_accepted = False
        self._unavailable = 0
        # After a failure calls go alone until one is accepted: side by side they would all fail.
        self._alone = False
        self._outage: Deferred | None = None

    def _find(self) -> None:
        """Looks up the contacts of requests by identifiers. Contacts that are done are not sent again."""
        self._found = find_contacts(self._client, self._requests, self._before, self._deadline, self._clock)
        self._pending = [
            [contact_id for contact_id in found.request.contact_ids if contact_id not in found.before.done]
            if found.before.done
            else found.request.contact_ids
            for found in self._found
        ]

    def _plan(self) -> None:
        """Plans a call for each ID that was refused before, or only a look-up within the consistency window."""
        earliest = self._clock() - self._window
        refused, shown = set[str](), set[str]()
        for checkpoint in self._before:
            refused |= checkpoint.refused
            if checkpoint.refused_at > earliest:
                shown |= checkpoint.refused
        ids = dict.fromkeys(contact_id for pending in self._pending for contact_id in pending)
        self._waiting.extend(self._calls(contact_id for contact_id in ids if contact_id not in refused))
        again = [contact_id for contact_id in ids if contact_id in refused - shown]
        self._drawn = sample(again, MAX_SENT_ALONE) if len(again) > MAX_SENT_ALONE else again
        self._not_drawn = [contact_id for contact_id in again if contact_id not in self._drawn]
        self._waiting.extend(DeletionCall((contact_id,)) for contact_id in self._drawn)
        self._in_doubt = [
            (DeletionCall((contact_id,)), STILL_SHOWN) for contact_id in ids if contact_id in shown
        ]

    def run(self) -> list[tuple[DeletionOutcome, Checkpoint]]:
        """For each request, in their order, its outcome and the checkpoint that it has reached.

        A request is Accepted when every call that names an ID of it was, or the ID does not exist. Any other outcome
        has the jobs of those calls that were accepted.
        """
        self._find()
        self._plan()
        try:
            while self._waiting or self._in_flight or self._in_doubt or self._undivided or self._not_drawn:
                try:
                    self._start()
                except (RateLimited, SendGridUnavailable) as no_time:
                    self._defer_the_rest(no_time)
                if self._in_flight:
                    self._collect()
                elif self._in_doubt:
                    self._look_up()
                elif self._undivided:
                    self._divide_the_next()
                elif self._not_drawn:
                    self._judge_what_was_not_drawn()
            self._confirm_refused()
        finally:
            # Lambda freezes the process when the invocation ends, in the middle of a call too.
            wait(self._in_flight)
        now = self._clock()
        return [
            found.concluded(*self._progress.of(found.request, pending, found.before, now))
            for found, pending in zip(self._found, self._pending, strict=True)
        ]

    def _start(self) -> None:
        """Starts as many calls as the rate limit allows, waiting for its reset when it allows none."""
        limit = self._client.deletion_limit
        while self._waiting:
            if self._outage:
                self._defer_the_rest(self._outage)
                return
            if self._alone and self._in_flight:
                return
            if not self._client.may_start(limit, self._deadline, len(self._in_flight)):
                return
            call = self._waiting.popleft()
            self._in_flight[self._threads.submit(self._delete, call)] = call

    def _delete(self, call: DeletionCall) -> str:
        """Deletes the contacts of the call, in a thread of its own, and returns the ID of the job."""
        job_id = self._client.delete_contacts(call.ids)
        self._telemetry.deletion_started(job_id)
        return job_id

    def _calls(self, contact_ids: Iterable[str]) -> Iterator[DeletionCall]:
        """Packs the IDs into as few calls as the budget allows."""
        return map(DeletionCall, packed(list(contact_ids), self._budget.characters, self._client.ids_target))

    def _collect(self) -> None:
        ended, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for future in ended:
            call = self._in_flight.pop(future)
            try:
                job_id = future.result()
            except RateLimited:
                self._waiting.appendleft(call)
            except SendGridRefused as refused:
                self._refused(call, refused)
            except SendGridUnavailable as unavailable:
                self._failed(call, unavailable)
            except SendGridUnauthorized as unauthorized:
                self._give_up(call, unauthorized)
            else:
                self._alone, self._any_part_accepted, self._unavailable = False, True, 0
                self._progress.accepted(call.ids, job_id)

    def _refused(self, call: DeletionCall, refused: SendGridRefused) -> None:
        self._alone, self._unavailable = True, 0
        if refused.status in _TOO_LONG and len(call.ids) > 1:
            self._too_long(call)
        elif refused.status not in ABOUT_THE_IDS:
            self._progress.fail(call.ids, refused)
        elif self._existing.issuperset(call.ids):
            self._divide(call, refused)
        else:
            self._in_doubt.append((call, refused))

    def _too_long(self, call: DeletionCall) -> None:
        """Repacks the IDs that wait for their first call, or halves a call that was short."""
        budget, length = self._budget, len(self._client.ids_target(call.ids))
        budget.refused(length)
        if length <= budget.characters:
            self._waiting.extendleft(call.halves(call.failure))
            return
        parts = [waiting for waiting in self._waiting if waiting.failure]
        whole = [call, *(waiting for waiting in self._waiting if not waiting.failure)]
        self._waiting = deque(self._calls(contact_id for waiting in whole for contact_id in waiting.ids))
        self._waiting.extend(parts)

    def _look_up(self) -> None:
        """Drops the contacts of refused calls that do not exist, and sends the others again."""
        in_doubt, self._in_doubt = self._in_doubt, []
        unknown = [
            contact_id for call, _ in in_doubt for contact_id in call.ids if contact_id not in self._existing
        ]
        looked_up = look_up(self._client, unknown, self._deadline)
        # An ID that SendGrid refuses to look up counts as existing for now.
        self._existing |= looked_up.found | looked_up.unchecked
        self._unconfirmed |= looked_up.unchecked - looked_up.unreadable
        self._progress.gone(set(unknown) - self._existing - looked_up.errors.keys())
        for contact_id, error in looked_up.errors.items():
            self._progress.fail((contact_id,), error)
        to_send: list[str] = []
        for call, failure in in_doubt:
            left = [contact_id for contact_id in call.ids if contact_id in self._existing]
            if len(left) < len(call.ids):
                to_send += left
            elif isinstance(failure, SendGridRefused):
                self._divide(call, failure)
            else:
                self._fail(call, failure)
        self._waiting.extend(self._calls(to_send))

    def _divide(self, call: DeletionCall, refused: SendGridRefused) -> None:
        """Divides a refused call, whose contacts exist, down to the ID, unless its parts are all refused alike."""
        if len(call.ids) == 1:
            self._progress.fail(call.ids, refused)
        elif isinstance(call.failure, SendGridRefused):
            self._refused_parts += 1
            self._waiting.extend(call.refused_parts(refused))
        else:
            self._undivided.append((call, refused))
        if self._refused_parts >= REFUSED_ALIKE and not self._any_part_accepted:
            self._refuse_the_parts()

    def _divide_the_next(self) -> None:
        """One call at a time, so that many bad IDs in one say nothing of the others."""
        call, refused = self._undivided.popleft()
        if self._refused_parts >= REFUSED_ALIKE and not self._progress.any_accepted:
            self._progress.fail(call.ids, refused)
        else:
            self._refused_parts, self._any_part_accepted = 0, False
            self._waiting.extend(call.refused_parts(refused))

    def _judge_what_was_not_drawn(self) -> None:
        """Sends the others together if all that were drawn are refused: then it is not for their IDs."""
        not_drawn, self._not_drawn = self._not_drawn, []
        if self._progress.refused(self._drawn) == self._drawn:
            self._waiting.extend(self._calls(not_drawn))
        else:
            self._progress.fail(not_drawn, STILL_SHOWN)

    def _confirm_refused(self) -> None:
        """Looks up alone what SendGrid refused to delete, and to look up with others: it may not exist.

        A sample stands for all, unless a contact of it does not exist.
        """
        # In a fixed order, so that the same requests make the same calls.
        refused = self._progress.refused(sorted(self._unconfirmed))
        sampled = refused if len(refused) <= MAX_SENT_ALONE else sample(refused, MAX_SENT_ALONE)
        looked_up = look_up(self._client, sampled, self._deadline, per_call=1)
        gone = set(sampled) - looked_up.found - looked_up.unreadable - looked_up.errors.keys()
        self._progress.gone(gone)
        for contact_id, error in looked_up.errors.items():
            self._progress.fail((contact_id,), error)
        if gone:
            self._progress.fail(set(refused).difference(sampled), STILL_SHOWN)

    def _refuse_the_parts(self) -> None:
        """Gives up the parts of refused calls."""
        for _ in range(len(self._waiting)):
            call = self._waiting.popleft()
            if isinstance(call.failure, SendGridRefused):
                self._progress.fail(call.ids, call.failure)
            else:
                self._waiting.append(call)

    def _failed(self, call: DeletionCall, unavailable: SendGridUnavailable) -> None:
        """One probe per outage, unless what failed has failed before and SendGrid is up: then one ID may be why."""
        self._alone = True
        self._unavailable += 1
        if unavailable.status < 500 or self._unavailable >= OUTAGE or not self._may_be_one_id():
            self._give_up(call, unavailable)
        elif len(call.ids) > 1:
            self._waiting.extend(call.halves(unavailable))
        else:
            self._fail(call, unavailable)

    def _may_be_one_id(self) -> bool:
        """Checks once in a batch whether SendGrid answers at all."""
        if self._is_up is None:
            self._is_up = self._retried and _answers(self._client, self._deadline)
        return self._is_up

    def _give_up(self, call: DeletionCall, outage: Deferred) -> None:
        """Sends no other call. The rest waits in the queue."""
        self._outage = outage
        self._fail(call, outage)

    def _defer_the_rest(self, because: Deferred) -> None:
        while self._waiting:
            self._fail(self._waiting.popleft(), because)

    def _fail(self, call: DeletionCall, failure: Deferred) -> None:
        half = isinstance(call.failure, SendGridUnavailable)
        self._progress.fail(call.ids, failure, part=half)


def _answers(client: SendGridClient, deadline: Deadline) -> bool:
    try:
        client.contact_count(deadline)
    except (SendGridUnavailable, SendGridUnauthorized):
        return False
    except (SendGridRefused, RateLimited):
        pass
    return True
