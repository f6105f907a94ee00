"""BackupContacts: of all contacts, of a list, or of a segment."""

from typing import Any

import pytest

from local.sendgrid_double import ExportFlaw, Fault
from tests.workflows.backup import BACKUP_MACHINE, backed_up, fill, manifest_of
from tests.workflows.conftest import Workflows, error_of, name_of

GROUP = "fa1dbbb4-10af-42d7-b07e-d1ab501a805b"
SEGMENT = "/v3/marketing/segments/2.0/{segment_id}"


def test_all_contacts_are_in_the_backup_and_stay_where_they_are(workflows: Workflows) -> None:
    workflows.double.settings.change(export_part_contacts=2)
    contacts = fill(workflows, 3)

    ended = workflows.run(BACKUP_MACHINE, {})

    assert (ended.status, ended.output["contact_count"], ended.output["source"]) == ("SUCCEEDED", 3, {})
    assert ended.output["folder"] == name_of(ended.arn)
    assert ended.output["manifest_key"] == f"backups/{name_of(ended.arn)}/manifest.json"
    assert ended.output["parts"] == manifest_of(workflows, ended.arn)["parts"]
    assert [part["contact_count"] for part in ended.output["parts"]] == [2, 1]
    assert sorted(backed_up(workflows, ended.arn)) == sorted(contacts)
    assert workflows.double.account.contact_ids() == contacts


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_a_list_or_a_segment_is_backed_up_for_itself(workflows: Workflows, kind: str) -> None:
    fill(workflows)
    groups: dict[str, Any] = {f"{kind}_ids": [GROUP]}
    wanted = workflows.double.account.add_contact(email="wanted@example.com", **groups)

    ended = workflows.run(BACKUP_MACHINE, {f"{kind}_id": GROUP})

    assert (ended.status, ended.output["contact_count"]) == ("SUCCEEDED", 1)
    assert backed_up(workflows, ended.arn) == [wanted]
    manifest = manifest_of(workflows, ended.arn)
    assert manifest["source"] == ended.output["source"] == {f"{kind}_id": GROUP}
    assert bool(manifest["sampled_at"]) is (kind == "segment")


@pytest.mark.parametrize("stale", [0, 1, 500])
def test_a_segments_own_count_refuses_no_backup(workflows: Workflows, stale: int) -> None:
    for number in range(3):
        workflows.double.account.add_contact(external_id=str(number), segment_ids=[GROUP])
    body = {"contacts_count": stale, "sample_updated_at": "2026-11-20T12:00:00Z"}
    workflows.double.faults.add(Fault(route=SEGMENT, status=200, body=body))

    ended = workflows.run(BACKUP_MACHINE, {"segment_id": GROUP})

    assert (ended.status, ended.output["contact_count"]) == ("SUCCEEDED", 3)
    assert ended.output["sampled_at"].startswith("2026-11-20T12:00:00")
    assert ended.output["expected_contact_count"] == stale


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_an_export_that_lacks_a_contact_is_no_backup_of_it(workflows: Workflows, kind: str) -> None:
    groups: dict[str, Any] = {f"{kind}_ids": [GROUP]}
    for number in range(3):
        workflows.double.account.add_contact(external_id=str(number), **groups)
    workflows.double.account.exports.spoil_next(ExportFlaw(missing=1))

    assert error_of(workflows.run(BACKUP_MACHINE, {f"{kind}_id": GROUP})) == ("FAILED", "BackupIncomplete")


def test_nothing_to_back_up_needs_no_export(workflows: Workflows) -> None:
    ended = workflows.run(BACKUP_MACHINE, {})

    assert ended.status == "SUCCEEDED"
    assert (ended.output["contact_count"], ended.output["parts"]) == (0, [])
    assert workflows.double.account.exports.all() == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"list_ids": [GROUP]}, "InvalidRequest"),
        ({"list_id": GROUP, "segment_id": GROUP}, "InvalidRequest"),
        ({"segment_id": None}, "InvalidRequest"),
        ([], "InvalidRequest"),
        ({"list_id": GROUP}, "SendGridRefused"),
        ({"segment_id": GROUP}, "SendGridRefused"),
    ],
)
def test_what_is_not_there_or_not_understood_is_not_a_backup_of_all(
    workflows: Workflows, wrong: object, error: str
) -> None:
    fill(workflows)

    assert error_of(workflows.run(BACKUP_MACHINE, wrong)) == ("FAILED", error)
    assert workflows.double.account.exports.all() == []
