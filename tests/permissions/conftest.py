"""Everything that the functions do, done once with permissions enforced, for the tests that look at what was asked."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from local.sendgrid_double import ExportFlaw, Fault, SendGridDouble
from local.waiting import wait_until
from tests.permissions.enforced_stack import EnforcedStack
from tests.support.deployment import API_KEY, STATUS_QUEUE, deployed
from tests.support.events import bulk_delete, delete_all, remove_identifier

TOKEN = {"task_token": "of-nobody"}


@dataclass
class Run:
    """`executions` are the statuses in which the workflows ended, by state machine."""

    stack: EnforcedStack
    double: SendGridDouble
    kept: str = ""
    executions: dict[str, str] = field(default_factory=dict)

    def through_queues(self) -> None:
        """Each queue gets what is accepted, what is rejected and waited for, and what has to be deferred first."""
        following = self.stack.event_source_mappings[STATUS_QUEUE]
        following.disable()
        account = self.double.account
        poison = account.add_contact(external_id="poison")
        self.double.poison_ids = {poison}
        self._work(
            "BulkDelete",
            bulk_delete([account.add_contact(external_id="goes")], **TOKEN),
            bulk_delete([poison, account.add_contact(external_id="its neighbor")], **TOKEN),
        )
        person = account.add_contact(
            email="ada@example.com", external_id="ada", phone_number_id="+15555550100"
        )
        self._work(
            "RemoveIdentifier",
            *[remove_identifier(person, "EMAIL", "ada@example.com", **TOKEN)] * 2,
            remove_identifier(person, "ANONYMOUSID", "nobody", **TOKEN),
            remove_identifier(account.add_contact(external_id="lonely"), "EXTERNALID", "lonely", **TOKEN),
        )
        self._work("DeleteAll", *[delete_all(_now(), request_id="allowed")] * 2)
        for _ in range(2):
            account.add_contact(external_id="too many")
        self._work("DeleteAll", delete_all(_now(), request_id="refused", max_contacts=1, **TOKEN))
        # Only now, or the delete-all would have deleted what this job leaves.
        stays = account.add_contact(external_id="stays")
        account.force_next_jobs("errored")
        self._work("BulkDelete", bulk_delete([stays], **TOKEN))
        following.enable()
        self._work("DeletionStatus", {"job_ids": "none"})
        # One of two lookups fails: the request that needs it is left to a message of its own.
        self.double.faults.add(Fault(route="/v3/marketing/contacts/batch", status=503))
        gone = [str(uuid.uuid4()) for _ in range(101)]
        requests = [{"contact_ids": gone[:100]}, {"contact_ids": gone[100:]}]
        self._work("DeletionStatus", {"job_ids": [str(uuid.uuid4())], "requests": requests})

    def through_workflows(self) -> None:
        account = self.double.account
        person = account.add_contact(email="ada@example.com", external_id="ada")
        self._execute("RemoveContactIdentifier", remove_identifier(person, "EMAIL", "ada@example.com"))
        listed = "\n".join(["contact_id", account.add_contact(external_id="listed")])
        self.stack.s3.put_object(
            Bucket=self.stack.ref("ContactListBucket"), Key="lists/one", Body=listed.encode()
        )
        self._execute("DeleteContactList", {"key": "lists/one"})
        part = self.stack.s3.put_object(
            Bucket=self.stack.ref("BackupBucket"), Key="backups/plan/part", Body=listed.encode()
        )
        parts = [{"key": "backups/plan/part", "version_id": part["VersionId"]}]
        for source in ({"key": "lists/one"}, {"parts": parts}):
            self.stack.invoke("PrepareListFunction", {"folder": "plan", "source": source})
        everything = {"confirm": "Delete All Contacts", "max_contacts": 1000}
        account.exports.spoil_next(ExportFlaw(cut_files=True))
        self._execute("BackupThenDeleteAll", everything)
        assert self.executions.pop("BackupThenDeleteAll") == "FAILED"
        self._execute("BackupThenDeleteAll", everything)
        self.kept = account.add_contact(email="kept@example.com")

    def _work(self, name: str, *requests: Mapping[str, Any]) -> None:
        """The first call to SendGrid fails; whatever is deferred comes back at once."""
        self.double.faults.add(Fault(status=503))
        returned = self._deferred(name)
        self.stack.send(f"{name}Queue", [json.dumps(request) for request in requests])

        def is_done() -> bool:
            nonlocal returned
            if (deferred := self._deferred(name)) > returned:
                self.stack.end_visibility_timeouts(f"{name}Queue")
                returned = deferred
            return not self.stack.queue_counts()[f"{name}Queue"].total

        wait_until(is_done, self.stack.progress)

    def _deferred(self, name: str) -> int:
        """How often the function has put messages off."""
        done = self.stack.gates[f"{name}Function"].allowed
        return sum(call.action == "sqs:ChangeMessageVisibility" for call in done)

    def _execute(self, name: str, request: object) -> None:
        started = self.stack.start_execution(f"{name}StateMachine", request, uuid.uuid4().hex)
        self.executions[name] = self.stack.wait_for_execution(started).status


def _now() -> str:
    return datetime.now(UTC).isoformat()


@pytest.fixture
def run() -> Iterator[Run]:
    double = SendGridDouble(api_keys={API_KEY}, job_delay=0, export_delay=0)
    with deployed(EnforcedStack, double) as stack:
        run = Run(stack, double)
        run.through_queues()
        run.through_workflows()
        yield run
