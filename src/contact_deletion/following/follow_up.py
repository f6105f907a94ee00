"""Follows what SendGrid accepted to its end."""

from collections.abc import Sequence

from contact_deletion.deadline import Clock, Deadline
from contact_deletion.errors import Deferred, DeletionFailed
from contact_deletion.following import identifiers, verification
from contact_deletion.following.identifiers import RemainingIdentifiers
from contact_deletion.following.poll import Answers, poll
from contact_deletion.following.verification import Existence, Verification
from contact_deletion.jobs import UNKNOWN, Job
from contact_deletion.outcomes import End, Ended, JobPending, Outcome
from contact_deletion.patience import GIVE_UP_SECONDS, SETTLING_SECONDS, ask_again_after
from contact_deletion.request.follow_up import FollowedRequest, FollowUp
from contact_deletion.sendgrid.client import SendGridClient

Jobs = tuple[Job, ...]


class Following:
    def __init__(self, client: SendGridClient, clock: Clock, when_to_verify: Verification) -> None:
        self._client = client
        self._clock = clock
        self._when_to_verify = when_to_verify

    def settle(self, follow_ups: Sequence[FollowUp], deadline: Deadline) -> list[Outcome]:
        """For each follow-up, in their order, Ended, or why it is not yet."""
        answers = poll(self._client, (job_id for one in follow_ups for job_id in one.job_ids), deadline)
        standing = [self._standing(one, answers) for one in follow_ups]
        in_doubt = [
            request
            for one, ended in zip(follow_ups, standing, strict=True)
            if not isinstance(ended, Deferred) and self._is_in_doubt(ended)
            for request in one.requests
        ]
        existence = verification.look_up(
            self._client,
            (contact_id for request in in_doubt for contact_id in request.contact_ids),
            deadline,
        )
        remaining = identifiers.look_up(
            self._client, (one.identifier for one in in_doubt if one.identifier), deadline
        )
        return [
            ended if isinstance(ended, Deferred) else self._outcome(one, ended, existence, remaining)
            for one, ended in zip(follow_ups, standing, strict=True)
        ]

    def _standing(self, follow_up: FollowUp, answers: Answers) -> Jobs | Deferred:
        """The jobs, when all of them have ended or are given up."""
        known: list[Job] = []
        for job_id in follow_up.job_ids:
            answer = answers[job_id]
            if isinstance(answer, Deferred):
                return answer.with_jobs(follow_up.job_ids)
            known.append(answer)
        if any(self._is_open(job, follow_up) for job in known):
            return self._pending(follow_up, tuple(known))
        return tuple(known)

    def _is_open(self, job: Job, follow_up: FollowUp) -> bool:
        if job.completed or job.failed:
            return False
        age = self._age(follow_up)
        return age is None or age < (SETTLING_SECONDS if job.status == UNKNOWN else GIVE_UP_SECONDS)

    def _is_in_doubt(self, ended: Jobs) -> bool:
        if self._when_to_verify is Verification.ON_ERROR:
            return not all(job.completed and job.adds_up for job in ended)
        return self._when_to_verify is Verification.ALWAYS

    def _outcome(
        self, follow_up: FollowUp, ended: Jobs, existence: Existence, remaining: RemainingIdentifiers
    ) -> Outcome:
        in_doubt = self._is_in_doubt(ended)
        try:
            ends = tuple(
                _end_of_removal(request, ended, remaining.remains(request.identifier))
                if request.identifier
                else _end(request, ended, existence.still_there(request.contact_ids) if in_doubt else None)
                for request in follow_up.requests
            )
        except Deferred as interruption:
            return interruption.with_jobs(follow_up.job_ids)
        looked_at = all(job.completed for job in ended) or any(
            remaining.remains(request.identifier) for request in follow_up.requests
        )
        if looked_at and any(end.failure for end in ends):
            age = self._age(follow_up)
            if age is not None and age < SETTLING_SECONDS:
                return self._pending(follow_up, ended)
        return Ended(ended, ends, follow_up.accepted_at)

    def _pending(self, follow_up: FollowUp, known: Jobs) -> JobPending:
        return JobPending(known, follow_up.requests, ask_again_after(self._age(follow_up)))

    def _age(self, follow_up: FollowUp) -> float | None:
        return None if follow_up.accepted_at is None else self._clock() - follow_up.accepted_at


def _end(request: FollowedRequest, ended: Jobs, there: tuple[str, ...] | None) -> End:
    """Of a request of whose contacts these are still `there`, or of which that was not asked."""
    reasons = list(dict.fromkeys(_reason(job) for job in ended if not job.completed))
    if not reasons and there:
        reasons = ["the job completed"]
    if not reasons:
        return End(request, None, there)
    if there is not None:
        reasons.append(f"{len(there)} of the request's contacts are still there")
    return End(request, DeletionFailed("; ".join(reasons), job_ids=[job.job_id for job in ended]), there)


def _end_of_removal(request: FollowedRequest, ended: Jobs, remains: bool | None) -> End:
    """By the contact where SendGrid showed it: the job of a removal fails whose identifier is gone already."""
    if remains is None:
        return _end(request, ended, None)
    if not remains:
        return End(request)
    reasons = dict.fromkeys(_reason(job) for job in ended if not job.completed) or ["the job completed"]
    message = "; ".join([*reasons, "the contact still has an identifier of this type"])
    return End(request, DeletionFailed(message, job_ids=[job.job_id for job in ended]))


def _reason(job: Job) -> str:
    if job.failed:
        return f"the job ended {job.status}"
    if job.status == UNKNOWN:
        return "SendGrid does not know the job"
    return f"the job never finished: it was {job.status} after {GIVE_UP_SECONDS / 3600:.0f} hours"
