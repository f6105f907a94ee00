"""The demo's account is worth something only if it notices what went wrong."""

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
        self.logs: list[dict[str, Any]] = [
            {"message": "request accepted", "message_id": f"a{n}", "replayed": n < work.replays}
            for n in range(work.accepted)
        ]
        self.logs += [
            {"message": "request rejected", "message_id": f"r{n}"} for n in range(work.dead_letters.total())
        ]
        self.letters: list[dict[str, Any]] = [
            {"MessageAttributes": {"ErrorCode": {"StringValue": code}}}
            for code in work.dead_letters.elements()
        ]
        self.counts = dict.fromkeys(
            ("BulkDeleteQueue", "RemoveIdentifierQueue", "DeleteAllQueue"), NO_MESSAGES
        )

    def structured_logs(self, function: str) -> list[dict[str, Any]]:
        return self.logs if function == "BulkDeleteFunction" else []

    def messages_of(self, queue: str) -> list[dict[str, Any]]:
        return self.letters if queue == "BulkDeleteDeadLetterQueue" else []

    def queue_counts(self) -> dict[str, QueueCounts]:
        return self.counts


class Run:
    """A finished run of the demo, without the stack that did it."""

    def __init__(self) -> None:
        self.double = SendGridDouble(job_delay=0)
        self.work = workload.deletions(self.double.account, set(), random.Random(1))  # noqa: S311
        self.contacts: Account = self.double.account
        self.contacts.delete_contacts(self.work.gone)
        for contact_id, name in self.work.removed:
            contact = self.contacts.contact(contact_id)
            kind = next(kind for kind, field in IDENTIFIER_FIELDS.items() if field == name)
            self.contacts.remove_identifier(contact_id, kind, getattr(contact, name))
        self.stack: Any = Stack(self.work)

    def discrepancies(self) -> list[str]:
        return account.discrepancies(self.work, self.stack, self.double)


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_good_run_has_no_discrepancy(run: Run) -> None:
    assert run.discrepancies() == []


def test_a_contact_that_nobody_named_is_missed(run: Run) -> None:
    run.contacts.delete_contacts([min(run.work.stay - {contact for contact, _ in run.work.removed})])

    assert "nobody named" in " ".join(run.discrepancies())


def test_a_contact_that_should_be_gone_is_noticed(run: Run) -> None:
    run.contacts.add_contact(contact_id=min(run.work.gone), external_id="back")

    assert "still there" in " ".join(run.discrepancies())


def test_a_message_without_an_end_is_noticed(run: Run) -> None:
    run.stack.logs.pop()

    assert "without a known end" in " ".join(run.discrepancies())


def test_a_message_left_in_a_queue_is_noticed(run: Run) -> None:
    run.stack.counts["DeleteAllQueue"] = QueueCounts(visible=0, delayed=0, in_flight=1)

    assert "still in a queue" in " ".join(run.discrepancies())


def test_a_dead_letter_that_nobody_expected_is_noticed(run: Run) -> None:
    run.stack.letters.append({})

    assert "maxReceiveCount" in " ".join(run.discrepancies())


def test_a_dead_letter_that_is_missing_is_noticed(run: Run) -> None:
    run.stack.letters.pop()

    assert "dead letters" in " ".join(run.discrepancies())


def test_a_job_that_failed_is_noticed(run: Run) -> None:
    run.contacts.force_next_jobs("failed")
    run.contacts.delete_contacts([min(run.work.stay)])

    assert "did not complete" in " ".join(run.discrepancies())
