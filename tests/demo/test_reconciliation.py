"""The reconciliation of the demo is worth something only if it notices what went wrong."""

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from local.demo import reconciliation, workload
from local.sendgrid_double import Account, SendGridDouble
from local.sendgrid_double.contacts import IDENTIFIER_FIELDS


class Run:
    """A finished run of the demo in which everything went well, without the stack that did it."""

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
        self.messages_left = 0
        self.letters = Counter(self.work.rejected.items())
        jobs |= {body: job.id for body in self.work.by_email}
        self.events = [event(message_id, *job_of(body, jobs)) for message_id, body in self.work.sent.items()]

    @property
    def loses_identifier(self) -> set[str]:
        return {contact_id for contact_id, _ in self.work.removed}

    @property
    def untouched(self) -> set[str]:
        return self.work.stay - self.loses_identifier

    def failed_deletion(self, contact_id: str) -> str:
        """A request whose job fails, and whose event says that it completed; gives the job's id."""
        self.contacts.force_next_jobs("failed")
        job = self.contacts.delete_contacts([contact_id])
        self.work.sent["late"] = json.dumps({"contact_ids": [contact_id]})
        self.events.append(event("late", "Completed", [job.id]))
        return job.id

    def discrepancies(self) -> list[str]:
        evidence = reconciliation.Evidence(self.messages_left, self.letters, self.events)
        return reconciliation.discrepancies(self.work, evidence, self.double)


def job_of(body: str, jobs: dict[str, str]) -> tuple[str, list[str]]:
    """The kind of event that a message should end in, and the jobs that it should name."""
    try:
        request = json.loads(body)
        if "identifier_values" in request:
            return "Completed", [jobs[body]] if body in jobs else []
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
    for size, smaller in {
        "SINGLES": 30,
        "SENT_TWICE": 3,
        "BY_EMAIL": 4,
        "IDS_PER_LIST": 60,
        "BYSTANDERS": 5,
    }.items():
        monkeypatch.setattr(workload, size, smaller)
    return Run()


def test_good_run_has_no_discrepancy_nor_has_a_second_copy_of_a_dead_letter(run: Run) -> None:
    assert run.discrepancies() == []
    run.letters[min(run.letters)] += 1
    assert run.discrepancies() == []


@pytest.mark.parametrize(
    ("go_wrong", "noticed"),
    [
        (lambda run: run.contacts.delete_contacts([min(run.untouched)]), "no request named"),
        (lambda run: run.contacts.delete_contacts([min(run.loses_identifier)]), "no request named"),
        (lambda run: run.contacts.add_contact(contact_id=min(run.work.gone), email="a@b.co"), "still there"),
        (lambda run: run.events.pop(), "without an outcome event"),
        (lambda run: run.events.append(event("stray", "Rejected", [])), "messages that were not sent"),
        (lambda run: run.__dict__.update(messages_left=1), "left in the queues"),
        (lambda run: run.letters.update({("{}", "(maxReceiveCount)"): 1}), "maxReceiveCount"),
        (lambda run: run.letters.popitem(), "dead letters that are missing"),
    ],
)
def test_what_went_wrong_is_noticed(run: Run, go_wrong: Callable[[Run], object], noticed: str) -> None:
    go_wrong(run)
    assert noticed in " ".join(run.discrepancies())


def test_a_duplicate_event_is_allowed_and_counted(run: Run) -> None:
    assert reconciliation.duplicates(run.events) == 0

    run.events.append(run.events[0])

    assert run.discrepancies() == []
    assert reconciliation.duplicates(run.events) == 1
    assert reconciliation.kinds(run.events).total() == len(run.work.sent)


def test_a_duplicate_event_that_says_something_else_is_noticed(run: Run) -> None:
    first = next(event for event in run.events if event["detail"]["job_ids"])
    run.events.append(event(first["detail"]["message_id"], "Rejected", []))

    assert "contradict each other" in " ".join(run.discrepancies())


def test_an_event_that_names_the_job_of_another_message_is_noticed(run: Run) -> None:
    of_jobs = {event["detail"]["job_ids"][0]: event for event in run.events if event["detail"]["job_ids"]}
    mine, other, *_ = of_jobs.values()
    mine["detail"]["job_ids"] = other["detail"]["job_ids"]

    assert "contradicts SendGrid" in " ".join(run.discrepancies())


def test_a_completed_request_that_is_not_even_json_is_noticed(run: Run) -> None:
    [message_id] = [message_id for message_id, body in run.work.sent.items() if body == "this is not JSON"]
    [rejected] = [event for event in run.events if event["detail"]["message_id"] == message_id]
    rejected["detail-type"] = "Contact Deletion Completed"

    assert "contradicts SendGrid" in " ".join(run.discrepancies())


def test_an_event_that_calls_a_failed_job_completed_is_noticed(run: Run) -> None:
    job_id = run.failed_deletion(min(run.work.stay))
    assert "contradicts SendGrid" in " ".join(run.discrepancies())
    run.events[-1] = event("late", "Failed", [job_id])
    assert run.discrepancies() == []


def test_completed_request_of_a_failed_job_is_true_where_its_contacts_are_gone(run: Run) -> None:
    run.failed_deletion(min(run.work.gone))
    assert run.discrepancies() == []


def test_delete_all_whose_job_completed_is_accounted_for(run: Run) -> None:
    run.work.sent["reset"] = json.dumps({"request_id": "reset", "confirm": "Delete All Contacts"})
    run.events.append(event("reset", "Completed", [run.contacts.delete_all().id]))

    assert "contradicts SendGrid" not in " ".join(run.discrepancies())


def test_contact_that_another_request_deleted_first_is_in_no_job_of_this_one(run: Run) -> None:
    message_id, ids = next(
        (message_id, json.loads(body)["contact_ids"])
        for message_id, body in run.work.sent.items()
        if "request_id" in body and "contact_ids" in body
    )
    others = run.contacts.delete_contacts([contact_id for contact_id in ids if contact_id != ids[0]])
    run.events = [each for each in run.events if each["detail"]["message_id"] != message_id]
    run.events.append(event(message_id, "Completed", [others.id]))

    assert run.discrepancies() == []


def test_a_job_that_failed_by_itself_is_noticed(run: Run) -> None:
    lonely = run.contacts.add_contact(email="lonely@example.com")
    run.contacts.remove_identifier(lonely, "EMAIL", "lonely@example.com")

    assert "failed without being planned" in " ".join(run.discrepancies())


def test_contacts_that_are_left_after_a_delete_all_are_noticed(run: Run) -> None:
    evidence = reconciliation.Evidence(0, run.letters, run.events)

    assert "contacts are left" in " ".join(reconciliation.reset_discrepancies(run.work, evidence, run.double))


@pytest.mark.parametrize("kind", ["Rejected", "Failed"])
def test_only_what_was_meant_to_go_wrong_is_called_planned(run: Run, kind: str) -> None:
    run.contacts.force_next_jobs("errored")
    job = run.contacts.delete_contacts([min(run.work.stay)])
    poison = next(body for body, code in run.work.rejected.items() if code == "InvalidRequest")
    run.work.sent["meant"] = poison
    meant = event("meant", kind, [] if kind == "Rejected" else [job.id])
    other = event("other", kind, [] if kind == "Rejected" else ["another job"])

    assert reconciliation.is_planned(meant, run.work, run.double)
    assert not reconciliation.is_planned(other, run.work, run.double)
