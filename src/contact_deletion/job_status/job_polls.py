"""Asks SendGrid for the status of many jobs, concurrently as far as the rate limit allows."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from random import shuffle

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred, RateLimited, SendGridUnavailable
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.jobs import Job


def poll_jobs(
    client: SendGridClient, threads: Executor, job_ids: Iterable[str], deadline: Deadline
) -> dict[str, Job | Deferred]:
    """Returns for each job what SendGrid says of it, or the error that deferred it.

    After a SendGridUnavailable one more job is polled alone: if SendGrid responds, the failure was the first job's own.
    If not, it is an outage, and the others are not polled; nor are they after an error that all calls would share.
    """
    polls = _Polls(client, threads, job_ids, deadline)
    polls.run()
    return polls.found


class _Polls:
    def __init__(
        self, client: SendGridClient, threads: Executor, job_ids: Iterable[str], deadline: Deadline
    ) -> None:
        self.found: dict[str, Job | Deferred] = {}
        self._client = client
        self._threads = threads
        self._deadline = deadline
        self._waiting = deque(job_ids)
        self._in_flight: dict[Future[Job], str] = {}
        self._has_failed = False
        self._probe: Future[Job] | None = None

    def run(self) -> None:
        try:
            while self._waiting or self._in_flight:
                try:
                    self._start()
                except Deferred as no_time:
                    self._give_up(no_time)
                self._collect()
        finally:
            # Lambda freezes the process when the invocation ends, in the middle of a call too.
            wait(self._in_flight)

    def _start(self) -> None:
        limit = self._client.job_limit
        while self._waiting and not (self._has_failed and self._in_flight):
            if not self._client.may_start(limit, self._deadline, len(self._in_flight)):
                return
            job_id = self._waiting.popleft()
            poll = self._threads.submit(self._client.job, job_id)
            self._in_flight[poll] = job_id
            self._probe = poll if self._has_failed else None

    def _collect(self) -> None:
        ended, _ = wait(self._in_flight, return_when=FIRST_COMPLETED)
        for poll in ended:
            job_id = self._in_flight.pop(poll)
            try:
                self.found[job_id] = poll.result()
            except RateLimited:
                self._waiting.appendleft(job_id)
            except SendGridUnavailable as unavailable:
                self.found[job_id] = unavailable
                if poll is self._probe:
                    self._give_up(unavailable)
                self._has_failed = True
                # In another order each time: otherwise two that always fail would stop the others for good.
                shuffle(self._waiting)
            except Deferred as shared:
                self.found[job_id] = shared
                self._give_up(shared)
            else:
                self._has_failed = False

    def _give_up(self, error: Deferred) -> None:
        self.found |= dict.fromkeys(self._waiting, error)
        self._waiting.clear()
