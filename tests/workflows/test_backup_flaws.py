"""BackupThenDeleteAll deletes nothing unless the backup is whole."""

import pytest

from local.sendgrid_double import ExportFlaw, Fault
from tests.workflows.backup import (
    BACKUP_MACHINE,
    COUNT,
    DOWNLOAD,
    MACHINE,
    assert_nothing_deleted,
    backed_up,
    fill,
    request,
)
from tests.workflows.conftest import Workflows, function_arn

STARTED_LONG_AGO = {'"started_at.$": "$$.State.EnteredTime"': '"started_at": "2020-01-01T00:00:00Z"'}
ONE_AFTER_THE_OTHER = {'"MaxConcurrency": 4': '"MaxConcurrency": 1'}


@pytest.mark.parametrize(
    ("flaw", "error"),
    [
        (ExportFlaw(status="failure"), "ExportFailed"),
        (ExportFlaw(missing=1), "BackupIncomplete"),
        (ExportFlaw(missing=1, counted="written"), "BackupIncomplete"),
        (ExportFlaw(missing=1, counted="nothing"), "BackupIncomplete"),
        (ExportFlaw(missing=1, repeated=1), "BackupIncomplete"),
        (ExportFlaw(missing=2, repeated=2, counted="written"), "BackupIncomplete"),
        (ExportFlaw(cut_files=True), "BackupIncomplete"),
        (ExportFlaw(broken_downloads=True), "SendGridUnavailable"),
    ],
    ids=[
        "failure",
        "short",
        "short-and-says-so",
        "short-and-uncounted",
        "a-row-twice",
        "rows-twice",
        "cut",
        "truncated",
    ],
)
def test_a_flawed_export_keeps_the_contacts(workflows: Workflows, flaw: ExportFlaw, error: str) -> None:
    contacts = fill(workflows)
    workflows.double.account.exports.spoil_next(flaw)

    assert_nothing_deleted(workflows, workflows.run(MACHINE, request()), error, contacts)


def test_a_flaw_in_one_of_many_parts_keeps_the_contacts(workflows: Workflows) -> None:
    workflows.double.settings.change(export_part_contacts=1)
    contacts = fill(workflows)
    workflows.double.faults.add(Fault(route=DOWNLOAD, times=2))
    workflows.double.faults.add(Fault(route=DOWNLOAD, status=403))

    ended = workflows.run(BACKUP_MACHINE, {}, ONE_AFTER_THE_OTHER)

    assert_nothing_deleted(workflows, ended, "BackupIncomplete", contacts)
    assert [call.route for call in workflows.double.requests].count(DOWNLOAD) == 3


def test_a_late_export_keeps_the_contacts(workflows: Workflows) -> None:
    contacts = fill(workflows)
    workflows.double.account.exports.spoil_next(ExportFlaw(status="pending"))

    ended = workflows.run(BACKUP_MACHINE, {}, STARTED_LONG_AGO)

    assert_nothing_deleted(workflows, ended, "ExportFailed", contacts)
    assert "late" in (ended.cause or "")


def test_an_expired_export_keeps_the_contacts(workflows: Workflows) -> None:
    contacts = fill(workflows)
    workflows.double.settings.change(export_lifetime_seconds=0)

    ended = workflows.run(MACHINE, request())

    assert_nothing_deleted(workflows, ended, "ExportFailed", contacts)
    assert "expired" in (ended.cause or "")


def test_a_refused_download_keeps_the_contacts(workflows: Workflows) -> None:
    contacts = fill(workflows)
    workflows.double.faults.add(Fault(route=DOWNLOAD, status=403))

    assert_nothing_deleted(workflows, workflows.run(MACHINE, request()), "BackupIncomplete", contacts)


def test_downloads_that_break_off_are_started_again(workflows: Workflows) -> None:
    contacts = fill(workflows)
    for fault in (Fault(route=DOWNLOAD, truncate=True), Fault(route=DOWNLOAD, drop=True)):
        workflows.double.faults.add(fault)

    ended = workflows.run(MACHINE, request())

    assert ended.status == "SUCCEEDED"
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)
    assert len(workflows.double.account) == 0


@pytest.mark.parametrize("function", ["ExportCopyFunction", "BackupCheckFunction"])
def test_a_function_that_cannot_be_invoked_keeps_the_contacts(workflows: Workflows, function: str) -> None:
    contacts = fill(workflows)

    ended = workflows.run(BACKUP_MACHINE, {}, {function_arn(function): function_arn("Nothing")})

    assert_nothing_deleted(workflows, ended, "Lambda.ResourceNotFoundException", contacts)


@pytest.mark.parametrize("repeated", [1, 4])
def test_a_contact_that_is_in_two_parts_is_counted_once(workflows: Workflows, repeated: int) -> None:
    workflows.double.settings.change(export_part_contacts=2)
    contacts = fill(workflows)
    workflows.double.account.exports.spoil_next(ExportFlaw(missing=1, repeated=repeated))

    assert_nothing_deleted(workflows, workflows.run(MACHINE, request()), "BackupIncomplete", contacts)


def test_a_row_that_is_there_twice_does_no_harm(workflows: Workflows) -> None:
    contacts = fill(workflows)
    workflows.double.account.exports.spoil_next(ExportFlaw(repeated=3))

    ended = workflows.run(MACHINE, request())

    assert ended.status == "SUCCEEDED"
    assert ended.output["backup"]["contact_count"] == len(contacts)


def test_contacts_that_came_since_are_not_covered_by_rows_that_are_there_twice(workflows: Workflows) -> None:
    """The delete-all may not delete more contacts than the backup has."""
    contacts = fill(workflows)
    workflows.double.account.exports.spoil_next(ExportFlaw(repeated=3))
    workflows.double.faults.add(Fault(method="GET", route=DOWNLOAD, delay_seconds=1))
    execution = workflows.start(MACHINE, request())
    workflows.wait_until(lambda: any(export.files for export in workflows.double.account.exports.all()))
    newcomer = workflows.double.account.add_contact(email="newcomer@example.com")

    ended = workflows.end_of(execution)

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts | {newcomer})


def test_an_account_that_outgrew_max_contacts_during_the_export_is_kept(workflows: Workflows) -> None:
    contacts = fill(workflows)
    workflows.double.faults.add(Fault(route=COUNT, status=200, body={"contact_count": 4}))

    ended = workflows.run(MACHINE, request(max_contacts=4))

    assert_nothing_deleted(workflows, ended, "DeleteAllRefused", contacts)
    assert workflows.calls("POST")


def test_links_in_another_order_each_time_are_still_distinguished(workflows: Workflows) -> None:
    workflows.double.settings.change(export_part_contacts=1, export_links_rotate=True)
    contacts = fill(workflows)

    ended = workflows.run(MACHINE, request())

    assert ended.status == "SUCCEEDED"
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)
    assert len(workflows.double.account) == 0


def test_each_member_of_a_file_may_have_its_own_header(workflows: Workflows) -> None:
    workflows.double.settings.change(export_part_contacts=4, export_member_contacts=1)
    contacts = fill(workflows)

    ended = workflows.run(MACHINE, request())

    assert ended.status == "SUCCEEDED"
    assert ended.output["backup"]["contact_count"] == len(contacts)
