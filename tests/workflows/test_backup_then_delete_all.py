"""BackupThenDeleteAll with a backup that is whole."""

import json
import uuid
from collections.abc import Set
from datetime import UTC, datetime
from typing import Any

import pytest

from local.aws.names import STACK_NAME
from local.aws.state_machines import Execution
from local.sendgrid_double import ExportFlaw, Fault
from tests.support.deployment import API_KEY
from tests.workflows.backup import (
    COUNT,
    MACHINE,
    assert_nothing_deleted,
    backed_up,
    backup_execution,
    fill,
    manifest_of,
    request,
)
from tests.workflows.conftest import Workflows, error_of, name_of, pending

EXPORTS = "/v3/marketing/contacts/exports"
EXPORT = "/v3/marketing/contacts/exports/{export_id}"
JOB = "/v3/marketing/contacts/imports/{job_id}"

SWITCHED_OFF = {'"enabled": "true"': '"enabled": "false"'}
ENTERED = '"requested_at.$": "$$.State.EnteredTime"'
ASKED_LONG_AGO = {ENTERED: '"requested_at": "2020-01-01T00:00:00Z"'}
IMPATIENT = {
    '"ResultPath": "$.deletion",\n      "TimeoutSeconds": 180': '"ResultPath": "$.deletion", "TimeoutSeconds": 1'
}


def under_one_name() -> dict[str, str]:
    """Of executions that are to be one for the ledger."""
    named = '"request_id.$": "$$.Execution.Name",\n          "confirm.$"'
    return {named: f'"request_id": "{uuid.uuid4()}", "confirm.$"'}


def test_every_contact_is_in_the_backup_and_then_gone(workflows: Workflows) -> None:
    contacts = fill(workflows)

    ended = workflows.run(MACHINE, request(max_contacts=len(contacts)))

    assert ended.status == "SUCCEEDED"
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)
    assert len(workflows.double.account) == 0
    assert ended.output["job_ids"] == [job.id for job in workflows.double.account.jobs()]
    assert (ended.output["contact_count"], ended.output["contacts_left"]) == (len(contacts), 0)
    assert ended.output["backup"]["contact_count"] == len(contacts)


def accepted(workflows: Workflows) -> float:
    """The value so far of the metric that DeleteAllAcceptedAlarm watches."""
    return sum(
        sum(line["RequestsAccepted"])
        for line in workflows.stack.structured_logs("DeleteAllFunction")
        if "RequestsAccepted" in line
        and (line["service"], line["operation"]) == (STACK_NAME, "delete_all")
        and [sorted(dimensions) for dimensions in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]]
        == [["operation", "service"]]
    )


def test_a_deletion_of_all_contacts_is_counted_for_its_alarm(workflows: Workflows) -> None:
    """It was invoked by the workflow; what comes from the queue is counted by the same function."""
    before = accepted(workflows)
    fill(workflows)

    workflows.run(MACHINE, request())

    assert accepted(workflows) == before + 1


def test_a_backup_may_have_several_parts(workflows: Workflows) -> None:
    workflows.double.settings.change(export_part_contacts=2)
    contacts = fill(workflows, 11)

    ended = workflows.run(MACHINE, request())

    assert ended.status == "SUCCEEDED"
    manifest = manifest_of(workflows, ended.arn)
    assert [part["contact_count"] for part in manifest["parts"]] == [2, 2, 2, 2, 2, 1]
    assert manifest["contact_count"] == manifest["expected_contact_count"] == 11
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)


def test_an_empty_account_needs_neither_backup_nor_deletion(workflows: Workflows) -> None:
    ended = workflows.run(MACHINE, request())

    assert (ended.status, ended.output["contacts_left"]) == ("SUCCEEDED", 0)
    assert [call.route for call in workflows.double.requests] == [COUNT]


@pytest.mark.parametrize(
    "wrong",
    [
        *([], "Delete All Contacts", {}),
        {"confirm": "Delete All Contacts"},
        {"max_contacts": 10},
        request(confirm="delete all contacts"),
        request(confirm=True),
        request(max_contacts="10"),
        request(max_contacts=None),
    ],
)
def test_what_is_not_meant_is_refused_before_anything_is_done(workflows: Workflows, wrong: Any) -> None:
    contacts = fill(workflows)

    assert_nothing_deleted(workflows, workflows.run(MACHINE, wrong), "DeleteAllRefused", contacts)
    assert workflows.double.requests == []


def test_while_switched_off_it_is_refused_before_anything_is_done(workflows: Workflows) -> None:
    contacts = fill(workflows)

    ended = workflows.run(MACHINE, request(), SWITCHED_OFF)

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts)
    assert workflows.double.requests == []


def test_a_backup_under_the_executions_name_is_not_made_twice(workflows: Workflows) -> None:
    fill(workflows)
    execution = workflows.start(MACHINE, request())
    first = workflows.end_of(execution)
    contacts = fill(workflows)

    again = workflows.stack.step_functions.create_state_machine(
        name="again", definition=workflows.definition(MACHINE), roleArn="arn:aws:iam::123456789012:role/again"
    )
    started = workflows.stack.step_functions.start_execution(
        stateMachineArn=again["stateMachineArn"], name=name_of(execution), input=json.dumps(request())
    )
    ended = workflows.end_of(started["executionArn"])

    assert first.status == "SUCCEEDED"
    assert error_of(ended) == ("FAILED", "StepFunctions.ExecutionAlreadyExistsException")
    assert workflows.double.account.contact_ids() == contacts


def backing_up(workflows: Workflows) -> tuple[Set[str], str]:
    """The contacts, and the execution that waits for its backup: the export does not end."""
    contacts = fill(workflows)
    workflows.double.account.exports.spoil_next(ExportFlaw(status="pending"))
    execution = workflows.start(MACHINE, request())
    workflows.wait_until(lambda: workflows.double.account.exports.all())
    return contacts, execution


def test_stopping_the_workflow_stops_its_backup(workflows: Workflows) -> None:
    contacts, execution = backing_up(workflows)

    workflows.stack.step_functions.stop_execution(executionArn=execution)

    assert workflows.end_of(execution).status == "ABORTED"
    assert workflows.end_of(backup_execution(execution)).status == "ABORTED"
    assert workflows.double.account.contact_ids() == contacts


def test_a_backup_that_was_stopped_deletes_nothing(workflows: Workflows) -> None:
    contacts, execution = backing_up(workflows)

    workflows.stack.step_functions.stop_execution(executionArn=backup_execution(execution))

    assert_nothing_deleted(workflows, workflows.end_of(execution), "States.TaskFailed", contacts)


def test_an_account_with_too_many_contacts_is_not_even_exported(workflows: Workflows) -> None:
    contacts = fill(workflows)

    ended = workflows.run(MACHINE, request(max_contacts=len(contacts) - 1))

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts)
    assert workflows.double.account.exports.all() == []


def test_a_slow_export_and_a_slow_job_are_waited_for(workflows: Workflows) -> None:
    fill(workflows)
    workflows.double.faults.add(pending(EXPORT))
    workflows.double.faults.add(pending(JOB))

    assert workflows.run(MACHINE, request()).status == "SUCCEEDED"
    routes = [call.route for call in workflows.double.requests]
    assert routes.count(EXPORT) == 4  # the last by who downloads
    assert routes.count(JOB) == 3


def test_outages_are_waited_out(workflows: Workflows) -> None:
    contacts = fill(workflows)
    outages = [("GET", COUNT, 503), ("POST", EXPORTS, 503), ("GET", EXPORT, 404), ("GET", EXPORT, 503)]
    for method, route, status in [*outages, ("DELETE", "*", 403), ("GET", JOB, 503)]:
        workflows.double.faults.add(Fault(method=method, route=route, status=status))

    ended = workflows.run(MACHINE, request())

    assert ended.status == "SUCCEEDED"
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)
    assert [call.status for call in workflows.calls("DELETE")] == [403, 202]
    assert workflows.double.faults.pending() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="DELETE", drop=True),
        Fault(method="DELETE", status=500, takes_effect=True),
        Fault(method="DELETE", status=503, takes_effect=True),
        Fault(method="DELETE", status=403, body="<html></html>", takes_effect=True),
    ],
    ids=repr,
)
def test_a_delete_all_without_a_clear_answer_is_never_sent_again(workflows: Workflows, fault: Fault) -> None:
    fill(workflows)
    workflows.double.faults.add(fault)

    ended = workflows.run(MACHINE, request())

    assert error_of(ended) == ("FAILED", "DeleteAllUnconfirmed")
    assert len(workflows.calls("DELETE")) == 1


def test_a_delete_all_that_the_workflow_gave_up_is_unconfirmed(workflows: Workflows) -> None:
    fill(workflows)
    workflows.double.faults.add(Fault(method="DELETE", delay_seconds=1.5))

    ended = workflows.run(MACHINE, request(), IMPATIENT)

    assert error_of(ended) == ("FAILED", "DeleteAllUnconfirmed")
    workflows.wait_until(lambda: [call.status for call in workflows.calls("DELETE")] == [202])


def test_an_earlier_delete_all_of_the_execution_is_not_reported_as_nothing(workflows: Workflows) -> None:
    """As after StopExecution and redrive in between: the ledger has another request under the execution's name."""
    same_name = under_one_name()
    fill(workflows)
    assert workflows.run(MACHINE, request(), same_name).status == "SUCCEEDED"
    fill(workflows)

    ended = workflows.run(MACHINE, request(), same_name)

    assert error_of(ended) == ("FAILED", "DeleteAllUnconfirmed")
    assert len(workflows.calls("DELETE")) == 1


def test_a_redriven_delete_all_is_the_same_request(workflows: Workflows) -> None:
    """Its state begins again, and what was made before it stays as it was."""
    fill(workflows)
    now = f'"{datetime.now(UTC).isoformat()}"'
    redriven = under_one_name() | {ENTERED: f'"requested_at": {now}'}
    first = workflows.run(MACHINE, request(), redriven)

    fill(workflows)
    again = workflows.run(MACHINE, request(), redriven)

    assert first.status == "SUCCEEDED"
    assert error_of(again) == ("FAILED", "ContactsRemain")
    assert "the account has 5 contacts" in (again.cause or "")
    assert len(workflows.calls("DELETE")) == 1


def test_a_delete_all_that_comes_late_is_refused(workflows: Workflows) -> None:
    """As after an outage of more than DeleteAllMaxAgeSeconds: what was imported since would go too."""
    contacts = fill(workflows)

    ended = workflows.run(MACHINE, request(), ASKED_LONG_AGO)

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts)


def test_a_job_that_fails_is_reported_and_the_backup_is_whole(workflows: Workflows) -> None:
    contacts = fill(workflows)
    workflows.double.account.force_next_jobs("errored")

    ended = workflows.run(MACHINE, request())

    assert error_of(ended) == ("FAILED", "DeletionFailed")
    left = len(workflows.double.account)
    assert f"the job ended errored; the account has {left} contacts" in (ended.cause or "")
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)


def test_a_completed_job_that_left_contacts_is_a_failure(workflows: Workflows) -> None:
    fill(workflows, 4)
    workflows.double.account.force_next_jobs("completed")

    ended = workflows.run(MACHINE, request())

    assert error_of(ended) == ("FAILED", "DeletionFailed")
    assert "the job completed; the account has 2 contacts" in (ended.cause or "")


class Emptied:
    """An execution whose job has deleted every contact, and that does not know it before `go_on`."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        fill(workflows)
        workflows.double.faults.add(
            Fault(method="GET", route=JOB, status=200, body={"status": "pending"}, times=10**6)
        )
        self._execution = workflows.start(MACHINE, request())
        workflows.wait_until(lambda: workflows.calls("DELETE") and len(workflows.double.account) == 0)

    def go_on(self, *faults: Fault) -> Execution:
        self._workflows.double.faults.clear()
        for fault in faults:
            self._workflows.double.faults.add(fault)
        return self._workflows.end_of(self._execution)


def test_contacts_that_were_imported_meanwhile_are_not_passed_over(workflows: Workflows) -> None:
    emptied = Emptied(workflows)
    workflows.double.account.add_contact(email="newcomer@example.com")

    ended = emptied.go_on()

    assert error_of(ended) == ("FAILED", "ContactsRemain")
    assert "the account has 1 contacts" in (ended.cause or "")
    assert "imported since" in (ended.cause or "")
    assert len(workflows.double.account) == 1


def test_an_account_that_is_shown_as_it_was_is_counted_again(workflows: Workflows) -> None:
    emptied = Emptied(workflows)

    ended = emptied.go_on(Fault(route=COUNT, status=200, body={"contact_count": 2}))

    assert (ended.status, ended.output["contacts_left"]) == ("SUCCEEDED", 0)
    assert workflows.double.faults.pending() == []


@pytest.mark.parametrize("flaw", [None, Fault(route="/_s3/*", status=403)])
def test_neither_link_nor_key_is_in_a_history_or_a_log(workflows: Workflows, flaw: Fault | None) -> None:
    fill(workflows)
    if flaw:
        workflows.double.faults.add(flaw)

    ended = workflows.run(MACHINE, request())

    (export,) = workflows.double.account.exports.all()
    history = workflows.history(ended.arn) + workflows.history(backup_execution(ended.arn))
    logs = {name: workflows.stack.logs(name) for name in workflows.stack.functions}
    assert export.id in history
    assert export.id in logs["ExportStartFunction"]
    for text in (history, *logs.values()):
        assert export.files[0].signature not in text
        assert "/_s3/" not in text
        assert API_KEY not in text
