"""Deletes the contacts of a whole batch of requests in as few calls as possible."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.packing import TARGET_BUDGET, packed
from contact_deletion.errors import (
    Deferred,
    Failure,
    RateLimited,
    SendGridRefused,
    SendGridUnauthorized,
    SendGridUnavailable,
)
from contact_deletion.outcomes import Accepted, DeletionOutcome
from contact_deletion.request.bulk_delete import BulkDelete
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.transport import require_time
from contact_deletion.telemetry.queue import QueueTelemetry

Load = dict[int, list[str]]
"""What a call carries: for each request, by its index in the batch, those of its ids that the call names."""

_TOO_LONG = frozenset({413, 414})
_ABOUT_THE_IDS = frozenset({400, 404})
"""What one bad id can cause. SendGrid does not document what it answers to an id that it does not know."""


class BulkDeletion:
    """Lives as long as the execution environment, and remembers how long a request target may be."""

    def __init__(self, client: SendGridClient, telemetry: QueueTelemetry, threads: Executor) -> None:
        self.client = client
        self.threads = threads
        self._telemetry = telemetry
        self._budget = TARGET_BUDGET

    def delete(self, requests: Sequence[BulkDelete], deadline: Deadline) -> list[DeletionOutcome]:
        """One outcome for each request, in their order: accepted when every call that names an id of it was.

        An outcome that is not acceptance has the jobs of those calls that were.
        """
        return _Batch(self, requests, deadline).run()

    def call(self, load: Load) -> str:
        """Deletes what the load names, and gives the job's id."""
        job_id = self.client.delete_contacts(_ids(load))
        self._telemetry.deletion_started(job_id)
        return job_id

    def loads(self, load: Load) -> Iterator[Load]:
        """The load, every id once, packed into as few calls as the budget allows."""
        owners: defaultdict[str, list[int]] = defaultdict(list)
        for request, ids in load.items():
            for contact_id in ids:
                owners[contact_id].append(request)
        for chunk in packed(list(owners), self._budget, self.client.ids_target):
            yield _by_request((contact_id, owners[contact_id]) for contact_id in chunk)

    def too_long(self, load: Load) -> None:
        """SendGrid found the load's request target too long."""
        self._budget = min(self._budget, len(self.client.ids_target(_ids(load))) // 2)


class _Batch:
    """The calls of one batch, side by side as far as the rate limit allows."""

    def __init__(self, deletion: BulkDeletion, requests: Sequence[BulkDelete], deadline: Deadline) -> None:
        self._deletion = deletion
        self._client = deletion.client
        self._threads = deletion.threads
        self._requests = requests
        self._deadline = deadline
        everything = {index: list(request.contact_ids) for index, request in enumerate(requests)}
        self._waiting = deque(deletion.loads(everything))
        self._in_flight: dict[Future[str], Load] = {}
        self._jobs: defaultdict[int, list[str]] = defaultdict(list)
        self._failures: dict[int, Failure] = {}

    def run(self) -> list[DeletionOutcome]:
        try:
            while self._waiting or self._in_flight:
                try:
                    self._start()
                except (RateLimited, SendGridUnavailable) as no_time:
                    self._defer_the_rest(no_time)
                self._collect()
        finally:
            wait(
                self._in_flight
            )  # Lambda freezes the process when the invocation ends, in the middle of a call too
        return [self._outcome(index, request) for index, request in enumerate(self._requests)]

    def _start(self) -> None:
        """Starts as many calls as the rate limit allows, waiting for its reset when it allows none."""
        limit = self._client.deletion_limit
        while self._waiting:
            require_time(self._deadline)
            if limit.try_start(len(self._in_flight)):
                load = self._waiting.popleft()
                self._in_flight[self._threads.submit(self._deletion.call, load)] = load
            elif self._in_flight:
                return
            else:
                self._client.wait_for_reset(limit, self._deadline)

    def _collect(self) -> None:
        ended, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for future in ended:
            load = self._in_flight.pop(future)
            try:
                job_id = future.result()
            except RateLimited:
                self._waiting.appendleft(load)
            except SendGridRefused as refused:
                self._refused(load, refused)
            except (SendGridUnavailable, SendGridUnauthorized) as outage:
                self._fail(load, outage)
                self._defer_the_rest(outage)
            else:
                for request in load:
                    self._jobs[request].append(job_id)

    def _refused(self, load: Load, refused: SendGridRefused) -> None:
        """Divides what was refused until the culprit stands alone."""
        if refused.status in _TOO_LONG and len(_ids(load)) > 1:
            self._deletion.too_long(load)
            self._waiting.extendleft(reversed(list(self._deletion.loads(load))))
        elif refused.status in _ABOUT_THE_IDS and len(load) > 1:
            requests = list(load)
            middle = len(requests) // 2
            self._waiting.extendleft(
                {request: load[request] for request in half}
                for half in (requests[middle:], requests[:middle])
            )
        else:
            self._fail(load, refused)

    def _defer_the_rest(self, because: Deferred) -> None:
        """One probe per outage: what has not been sent waits in the queue."""
        while self._waiting:
            self._fail(self._waiting.popleft(), because)

    def _fail(self, load: Load, failure: Failure) -> None:
        """A request with a call worth retrying is retried, whatever became of its other calls."""
        for request in load:
            if isinstance(failure, Deferred) or request not in self._failures:
                self._failures[request] = failure

    def _outcome(self, index: int, request: BulkDelete) -> DeletionOutcome:
        job_ids = tuple(dict.fromkeys(self._jobs[index]))
        failure = self._failures.get(index)
        if failure is None:
            return Accepted(job_ids, contact_count=len(request.contact_ids))
        return failure.with_jobs(job_ids)


def _by_request(owned: Iterable[tuple[str, Iterable[int]]]) -> Load:
    load: defaultdict[int, list[str]] = defaultdict(list)
    for contact_id, requests in owned:
        for request in requests:
            load[request].append(contact_id)
    return dict(load)


def _ids(load: Load) -> list[str]:
    """The ids that the call names, each once."""
    return list(dict.fromkeys(contact_id for ids in load.values() for contact_id in ids))
