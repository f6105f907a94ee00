"""Tracks the jobs of accepted requests until they have ended."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import (
    Deferred,
    DeletionFailed,
    NotAccepted,
    OutcomeUnknown,
    RateLimited,
    SendGridUnavailable,
)
from contact_deletion.job_status.job_polls import poll_jobs
from contact_deletion.job_status.verification import Finding, Findings, Verification, look_up
from contact_deletion.outcomes import End, Ended, JobPending, Outcome, PartlyEnded
from contact_deletion.requests.status_check import StatusCheck, TrackedRequest
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.jobs import NOT_REPORTED, UNKNOWN, Job
from contact_deletion.sendgrid.polling import GIVE_UP_SECONDS, next_poll_delay
from contact_deletion.sendgrid.transport import CALL_SECONDS

PolledJobs = dict[str, Job | Deferred]
Jobs = tuple[Job, ...]


class JobTracker:
    """Decides the outcomes of status checks.

    For `consistency_window_seconds` after a deletion SendGrid may still show a contact, and for as long after
    acceptance it may not know a job yet.
    """

    def __init__(
        self,
        client: SendGridClient,
        threads: Executor,
        clock: Clock,
        verification: Verification,
        consistency_window_seconds: float,
    ) -> None:
        self._client = client
        self._threads = threads
        self._clock = clock
        self._verification = verification
        self._window = consistency_window_seconds

    def process(self, status_checks: Sequence[StatusCheck], deadline: Deadline) -> list[Outcome]:
        """Returns for each status check, in their order, Ended or the reason why it has not ended.

        Each job is polled once, and each contact in doubt is looked up once, however many status checks name it.
        """
        job_ids = dict.fromkeys(job_id for check in status_checks for job_id in check.job_ids)
        # Contacts can be looked up even where the invocation is too short for so many jobs.
        for_jobs = Deadline(deadline.invocation_ends - CALL_SECONDS, self._clock)
        polled = poll_jobs(self._client, self._threads, job_ids, for_jobs)
        statuses = [self._status(check, polled) for check in status_checks]
        findings = look_up(
            self._client,
            [
                request
                for check, jobs in zip(status_checks, statuses, strict=True)
                if not isinstance(jobs, Deferred)
                for request in check.requests
                if self._verification.is_in_doubt(request, jobs)
            ],
            deadline,
        )
        return [
            jobs if isinstance(jobs, Deferred) else self._outcome(check, jobs, findings)
            for check, jobs in zip(status_checks, statuses, strict=True)
        ]

    def _status(self, status_check: StatusCheck, polled: PolledJobs) -> Jobs | Deferred:
        """The jobs, once they are not pending any more, or why they are."""
        known: list[Job] = []
        for job_id in status_check.job_ids:
            job = polled[job_id]
            is_not_reported = isinstance(job, (SendGridUnavailable, RateLimited))
            if is_not_reported and not self._is_tracked(status_check):
                job = Job(job_id, NOT_REPORTED)
            if isinstance(job, Deferred):
                return job.with_jobs(status_check.job_ids)
            known.append(job if status_check.include_errors_url else replace(job, errors_url=None))
        if any(self._is_open(job, status_check) for job in known):
            return self._pending(status_check, tuple(known))
        return tuple(known)

    def _is_open(self, job: Job, status_check: StatusCheck) -> bool:
        if job.completed or job.failed:
            return False
        if job.status == UNKNOWN:
            # A job that SendGrid has forgotten, or a stray 404: the contacts know more.
            return (
                status_check.accepted_at is not None
                and self._clock() < status_check.accepted_at + self._window
            )
        return self._is_tracked(status_check)

    def _outcome(self, status_check: StatusCheck, jobs: Jobs, findings: Findings) -> Outcome:
        """Ended, PartlyEnded where only some requests have ended, or the reason why no request has."""
        reasons = list(dict.fromkeys(_reason(job) for job in jobs if not job.completed))
        ends: list[End] = []
        left: list[TrackedRequest] = []
        error: Deferred | None = None
        is_last = not self._is_tracked(status_check)
        for request in status_check.requests:
            is_in_doubt = self._verification.is_in_doubt(request, jobs)
            try:
                finding = findings.of(request, is_last=is_last) if is_in_doubt else None
            except Deferred as deferred:
                error = deferred
                left.append(request)
                continue
            end = _end(request, jobs, reasons, finding)
            if end.failure and self._may_change(finding, status_check, jobs):
                left.append(request)
            else:
                ends.append(end)
        ended = Ended(jobs, tuple(ends), status_check.accepted_at)
        if not left:
            return ended
        if ends:
            rest = replace(status_check, requests=tuple(left))
            return PartlyEnded(self._pending(status_check, jobs), ended, rest)
        return self._pending(status_check, jobs) if error is None else error.with_jobs(status_check.job_ids)

    def _may_change(self, finding: Finding | None, status_check: StatusCheck, jobs: Jobs) -> bool:
        """Whether a later check may have a better outcome.

        SendGrid accepted a job that it does not know, so that job is tracked as long as any other.
        """
        if any(job.status == UNKNOWN for job in jobs):
            return self._is_tracked(status_check)
        if finding is None or status_check.accepted_at is None:
            return False
        now = self._clock()
        finished = [job.finished_at for job in jobs if job.finished_at is not None and job.finished_at <= now]
        return now < max([status_check.accepted_at, *finished]) + self._window

    def _is_tracked(self, status_check: StatusCheck) -> bool:
        age = self._age(status_check)
        return age is None or age < GIVE_UP_SECONDS

    def _pending(self, status_check: StatusCheck, known: Jobs) -> JobPending:
        return JobPending(known, status_check.requests, next_poll_delay(self._age(status_check)))

    def _age(self, status_check: StatusCheck) -> float | None:
        return None if status_check.accepted_at is None else self._clock() - status_check.accepted_at


def _end(request: TrackedRequest, jobs: Jobs, reasons: list[str], finding: Finding | None) -> End:
    """The end of a request, by its own contacts where they were looked up, otherwise by the jobs.

    The request does not choose the requests that it shares a job with. `reasons` has the states of the jobs that did
    not complete.
    """
    if finding is None:
        if request.error is not None:
            return End(request, request.error)
        if not reasons or request.deletes_none:
            return End(request)
        kind = DeletionFailed if any(job.failed for job in jobs) else OutcomeUnknown
        return End(request, kind("; ".join(reasons)))
    failure = _failure(request, jobs, reasons, finding)
    if request.identifier is not None:
        return End(request, failure)  # its contact is to stay
    return End(request, failure, finding.remaining, finding.unchecked)


def _failure(request: TrackedRequest, jobs: Jobs, reasons: list[str], finding: Finding) -> NotAccepted | None:
    if not finding.remaining.count and finding.unchecked is None:
        return None
    kind: type[NotAccepted] = OutcomeUnknown
    if _is_failure(request, jobs, finding):
        kind = DeletionFailed if request.error is None else _kind_of_failure(request.error)
    causes = [request.error.message] if request.error is not None else []
    causes += reasons or (["the job completed"] if jobs else [])
    return kind("; ".join([*causes, *_observations(request, finding)]))


def _kind_of_failure(error: NotAccepted) -> type[NotAccepted]:
    """The request was not accepted in full, and some of its contacts remain."""
    return DeletionFailed if isinstance(error, OutcomeUnknown) else type(error)


def _is_failure(request: TrackedRequest, jobs: Jobs, finding: Finding) -> bool:
    """Whether remaining contacts are a failure. Those of an account whose jobs are unknown may be newer."""
    if request.deletes_all and any(job.status in (UNKNOWN, NOT_REPORTED) for job in jobs):
        return False
    return finding.remaining.count > 0


def _observations(request: TrackedRequest, finding: Finding) -> list[str]:
    if request.deletes_all:
        counted = f"the account has {finding.remaining.count} contacts"
        return [counted if finding.unchecked is None else "SendGrid refused to count the account's contacts"]
    if request.identifier is not None:
        held = "the contact still has an identifier of this type"
        return [held if finding.unchecked is None else "SendGrid refused to look up the contact"]
    found = []
    if finding.remaining.count:
        found.append(f"{finding.remaining.count} of the request's contacts are still there")
    if finding.unchecked is not None:
        found.append(f"SendGrid refused to look up {finding.unchecked.count} of the request's contacts")
    return found


def _reason(job: Job) -> str:
    if job.failed:
        return f"the job ended {job.status}"
    if job.status == UNKNOWN:
        return "SendGrid does not know the job"
    if job.status == NOT_REPORTED:
        return "SendGrid did not report the job's status"
    return f"the job never finished: it was {job.status} after {GIVE_UP_SECONDS / 3600:.0f} hours"
