"""The demo's account is worth something only if it notices what went wrong."""

import json
import random
from typing import Any

import pytest

from local.aws.moto_server import QueueCounts
from local.demo import account, workload
from local.sendgrid_double import Account, SendGridDouble
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS

NO_MESSAGES = QueueCounts(visible=0, delayed=0, in_flight=0)


class Stack:
    """What the account looks at, after a run in which everything went well."""

    def __init__(self, work: workload.Workload) -> None:
        self.logs: list[dict[str, Any]] = []
        self.letters: list[dict[str, Any]] = [
            {"MessageAttributes": {"ErrorCode": {"StringValue": code}}}
            for code in work.dead_letters.elements()
        ]
        self.counts = dict.fromkeys(
            ("BulkDeleteQueue", "RemoveIdentifierQueue", "DeleteAllQueue", "DeletionStatusQueue"), NO_MESSAGES
        )
        self.events: list[dict[str, Any]] = []

    def structured_logs(self, function: str) -> list[dict[str, Any]]:
        return self.logs if function == "BulkDeleteFunction" else []

    def messages_of(self, queue: str) -> list[dict[str, Any]]:
        return self.letters if queue == "BulkDeleteDeadLetterQueue" else []

    def queue_counts(self) -> dict[str, QueueCounts]:
        return self.counts

    def recorded_events(self) -> list[dict[str, Any]]:
        return self.events


class Run:
    """A finished run of the demo, without the stack that did it."""

    def __init__(self) -> None:
        self.double = SendGridDouble(job_delay=0)
        self.work = workload.deletions(self.double.account, set(), random.Random(1))
        self.contacts: Account = self.double.account
        bodies = [body for queued in self.work.messages.values() for body in queued]
        self.work.sent = {str(number): body for number, body in enumerate(bodies)}
        job = self.contacts.delete_contacts(self.work.gone)
        jobs = dict.fromkeys(self.work.gone, job.id)
        for contact_id, name in self.work.removed:
            contact = self.contacts.contact(contact_id)
            kind = next(kind for kind, field in IDENTIFIER_FIELDS.items() if field == name)
            jobs[contact_id] = self.contacts.remove_identifier(contact_id, kind, getattr(contact, name)).id
        self.stack: Any = Stack(self.work)
        self.stack.events = [
            event(message_id, *job_of(body, jobs)) for message_id, body in self.work.sent.items()
        ]

    def discrepancies(self) -> list[str]:
        return account.discrepancies(self.work, self.stack, self.double)


def job_of(body: str, jobs: dict[str, str]) -> tuple[str, list[str]]:
    """The kind of event that a message should end in, and the jobs that it should name."""
    try:
        request = json.loads(body)
        named = request.get("contact_ids") or [request["contact_id"]]
        return "Completed", [jobs[named[0]]]
    except (ValueError, KeyError):
        return "Rejected", []


def event(message_id: str, kind: str, job_ids: list[str]) -> dict[str, Any]:
    code = "InvalidRequest" if kind == "Rejected" else None
    detail = {"message_id": message_id, "job_ids": job_ids, "code": code}
    return {"detail-type": f"Contact Deletion {kind}", "detail": detail}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A small one."""
    for size, smaller in {"SINGLES": 30, "SENT_TWICE": 3, "IDS_PER_LIST": 60, "BYSTANDERS": 5}.items():
        monkeypatch.setattr(workload, size, smaller)
    return Run()


def test_a_good_run_has_no_discrepancy(run: Run) -> None:
    assert run.discrepancies() == []


def test_a_contact_that_nobody_named_is_missed(run: Run) -> None:
    run.contacts.delete_contacts([min(run.work.stay - {contact for contact, _ in run.work.removed})])

    assert "nobody named" in " ".join(run.discrepancies())


def test_a_contact_that_should_be_gone_is_noticed(run: Run) -> None:
    run.contacts.add_contact(contact_id=min(run.work.gone), external_id="back")

    assert "still there" in " ".join(run.discrepancies())


def test_a_message_without_an_event_is_noticed(run: Run) -> None:
    run.stack.events.pop()

    assert "without exactly one outcome event" in " ".join(run.discrepancies())


def test_a_message_with_two_events_is_noticed(run: Run) -> None:
    run.stack.events.append(run.stack.events[0])

    assert "without exactly one outcome event" in " ".join(run.discrepancies())


def test_an_event_of_a_message_that_nobody_sent_is_noticed(run: Run) -> None:
    run.stack.events.append(event("stray", "Rejected", []))

    assert "without exactly one outcome event" in " ".join(run.discrepancies())


def test_an_event_that_names_the_job_of_somebody_else_is_noticed(run: Run) -> None:
    of_jobs = {
        event["detail"]["job_ids"][0]: event for event in run.stack.events if event["detail"]["job_ids"]
    }
    mine, other, *_ = of_jobs.values()
    mine["detail"]["job_ids"] = other["detail"]["job_ids"]

    assert "something else than their jobs" in " ".join(run.discrepancies())


def test_an_event_that_calls_a_failed_job_completed_is_noticed(run: Run) -> None:
    run.contacts.force_next_jobs("failed")
    contact_id = min(run.work.stay)
    job = run.contacts.delete_contacts([contact_id])
    run.work.sent["late"] = json.dumps({"contact_ids": [contact_id]})
    run.stack.events.append(event("late", "Completed", [job.id]))

    assert "something else than their jobs" in " ".join(run.discrepancies())
    run.stack.events[-1] = event("late", "Failed", [job.id])
    assert run.discrepancies() == []


def test_a_message_left_in_a_queue_is_noticed(run: Run) -> None:
    run.stack.counts["DeleteAllQueue"] = QueueCounts(visible=0, delayed=0, in_flight=1)

    assert "still in a queue" in " ".join(run.discrepancies())


def test_a_dead_letter_that_nobody_expected_is_noticed(run: Run) -> None:
    run.stack.letters.append({})

    assert "maxReceiveCount" in " ".join(run.discrepancies())


def test_a_dead_letter_that_is_missing_is_noticed(run: Run) -> None:
    run.stack.letters.pop()

    assert "dead letters" in " ".join(run.discrepancies())


def test_a_job_that_failed_by_itself_is_noticed(run: Run) -> None:
    lonely = run.contacts.add_contact(email="lonely@example.com")
    run.contacts.remove_identifier(lonely, "EMAIL", "lonely@example.com")

    assert "failed otherwise" in " ".join(run.discrepancies())
