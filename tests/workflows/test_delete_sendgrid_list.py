"""DeleteContactList of a SendGrid list or segment: exported first, and the export is what is deleted."""

from typing import Any

import pytest

from local.sendgrid_double import ExportFlaw
from tests.workflows.backup import backed_up, backup_execution, fill
from tests.workflows.conftest import Workflows, error_of
from tests.workflows.test_delete_contact_list import GROUP, MACHINE, accounted


def members(workflows: Workflows, kind: str, count: int = 3) -> set[str]:
    groups: dict[str, Any] = {f"{kind}_ids": [GROUP]}
    return {
        workflows.double.account.add_contact(external_id=str(number), **groups) for number in range(count)
    }


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_its_contacts_are_deleted_and_the_export_is_their_backup(workflows: Workflows, kind: str) -> None:
    others = fill(workflows)
    listed = members(workflows, kind)
    workflows.double.settings.change(export_part_contacts=2)

    ended = workflows.run(MACHINE, {f"{kind}_id": GROUP, "max_contacts": 3})

    assert ended.status == "SUCCEEDED"
    assert workflows.double.account.contact_ids() == others
    assert set(backed_up(workflows, ended.arn)) == listed
    assert ended.output["backup"]["source"] == {f"{kind}_id": GROUP}
    assert (ended.output["backup"]["sampled_at"] is None) is (kind == "list")
    assert accounted(ended) == {"deleted": 3}


def test_a_plan_alone_is_made_of_an_export_too(workflows: Workflows) -> None:
    listed = members(workflows, "list")

    ended = workflows.run(MACHINE, {"list_id": GROUP, "max_contacts": 0, "plan_only": True})

    assert (ended.output["plan"]["contacts"], ended.output["summary"]) == (3, None)
    assert workflows.double.account.contact_ids() == listed
    assert set(backed_up(workflows, ended.arn)) == listed


@pytest.mark.parametrize(
    ("max_age_hours", "error"), [(1, "SampleTooOld"), (1.5, "SampleTooOld"), (2, None), (24, None)]
)
def test_a_segment_whose_sample_is_too_old_is_kept(
    workflows: Workflows, max_age_hours: float, error: str | None
) -> None:
    workflows.double.settings.change(segment_sample_age_seconds=2 * 3600 - 60)
    members(workflows, "segment")

    ended = workflows.run(MACHINE, {"segment_id": GROUP, "max_contacts": 3, "max_age_hours": max_age_hours})

    assert ended.error == error
    assert bool(workflows.double.account) is (error is not None)


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_more_contacts_than_the_ceiling_are_kept(workflows: Workflows, kind: str) -> None:
    listed = members(workflows, kind)

    ended = workflows.run(MACHINE, {f"{kind}_id": GROUP, "max_contacts": 2})

    assert error_of(ended) == ("FAILED", "TooManyContacts")
    assert workflows.double.account.contact_ids() == listed


def test_without_a_backup_nothing_is_deleted(workflows: Workflows) -> None:
    listed = members(workflows, "list")
    workflows.double.account.exports.spoil_next(ExportFlaw(missing=1))

    ended = workflows.run(MACHINE, {"list_id": GROUP, "max_contacts": 3})

    assert error_of(ended) == ("FAILED", "BackupIncomplete")
    assert workflows.double.account.contact_ids() == listed


def test_a_list_that_does_not_exist_is_refused(workflows: Workflows) -> None:
    others = fill(workflows)

    ended = workflows.run(MACHINE, {"list_id": GROUP, "max_contacts": 3})

    assert error_of(ended) == ("FAILED", "SendGridRefused")
    assert workflows.double.account.contact_ids() == others


def test_a_list_without_contacts_has_an_empty_plan(workflows: Workflows) -> None:
    workflows.double.account.delete_contacts(members(workflows, "list"))
    others = fill(workflows)

    ended = workflows.run(MACHINE, {"list_id": GROUP, "max_contacts": 3})

    assert (ended.status, ended.output["plan"]["rows"], ended.output["backup"]) == ("SUCCEEDED", 0, None)
    assert workflows.double.account.contact_ids() == others
    assert workflows.double.account.exports.all() == []


def test_stopping_the_run_stops_its_backup(workflows: Workflows) -> None:
    listed = members(workflows, "list")
    workflows.double.account.exports.spoil_next(ExportFlaw(status="pending"))
    execution = workflows.start(MACHINE, {"list_id": GROUP, "max_contacts": 3})
    workflows.wait_until(lambda: workflows.double.account.exports.all())

    workflows.stack.step_functions.stop_execution(executionArn=execution)

    assert workflows.end_of(execution).status == "ABORTED"
    assert workflows.end_of(backup_execution(execution)).status == "ABORTED"
    assert workflows.double.account.contact_ids() == listed
