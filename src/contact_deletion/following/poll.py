"""Asks how jobs stand, each once however many follow-ups name it."""

from collections.abc import Iterable

from contact_deletion.deadline import Deadline
from contact_deletion.errors import Deferred
from contact_deletion.jobs import Job
from contact_deletion.sendgrid.client import SendGridClient

Answers = dict[str, Job | Deferred]


def poll(client: SendGridClient, job_ids: Iterable[str], deadline: Deadline) -> Answers:
    """For each job how it stands, or why that could not be learned.

    One probe per outage: after a failure that the next call would share, the rest is not asked for.
    """
    answers: Answers = {}
    outage: Deferred | None = None
    for job_id in dict.fromkeys(job_ids):
        if outage is None:
            try:
                answers[job_id] = client.job(job_id, deadline)
                continue
            except Deferred as deferred:
                outage = deferred
        answers[job_id] = outage
    return answers
