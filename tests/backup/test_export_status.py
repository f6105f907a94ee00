"""How an export stands, through the handler."""

from typing import Any

import pytest

from contact_deletion.backup.export_progress import file_id
from contact_deletion.errors import InvalidRequest, SendGridRefused, SendGridUnavailable
from local.sendgrid_double import ExportFlaw, Fault
from tests.backup.support import EXPORT, Backups

HOUR = 3600.0


def test_a_pending_export_is_asked_for_again(backups: Backups) -> None:
    started_at = backups.world.now()

    response = backups.status(backups.start(), started_at)

    assert response == {
        "status": "pending",
        "parts": [],
        "contact_count": None,
        "retry_after": 30,
        "message": "",
    }


@pytest.mark.parametrize(
    ("age", "retry_after"), [(-60, 30), (0, 30), (45, 45), (299, 299), (301, 300), (5.9 * HOUR, 300)]
)
def test_the_longer_it_takes_the_longer_the_pauses(backups: Backups, age: float, retry_after: int) -> None:
    backups.export_is(status="pending")

    assert backups.status("export", backups.in_seconds(-age))["retry_after"] == retry_after


def test_a_ready_export_reports_its_parts_and_not_its_links(backups: Backups) -> None:
    for _ in range(5):
        backups.world.new_contact()
    backups.world.double.settings.export_part_contacts = 2
    started_at = backups.world.now()

    export_id = backups.ready_export()

    response = backups.status(export_id, started_at)

    assert response == {
        "status": "ready",
        "parts": [file_id(f"http://127.0.0.1/_s3/exports/{export_id}/{n}.csv.gz") for n in range(3)],
        "contact_count": 5,
        "retry_after": 0,
        "message": "",
    }
    log = backups.world.log.getvalue()
    assert response["parts"][0] in log
    assert "_s3" not in log
    assert "Signature" not in log


def test_a_ready_export_may_not_tell_how_many_contacts_it_has(backups: Backups) -> None:
    backups.ready_at("https://files.example.com/0")

    response = backups.status("export", backups.world.now())

    assert (response["status"], response["contact_count"]) == ("ready", None)


def test_a_failed_export_says_why(backups: Backups) -> None:
    backups.world.double.account.exports.spoil_next(ExportFlaw(status="failure", message="too many fields"))

    response = backups.status(backups.ready_export(), backups.world.now())

    assert (response["status"], response["parts"]) == ("failed", [])
    assert response["message"] == "the export failed: too many fields"


def test_a_failed_export_may_not_say_why(backups: Backups) -> None:
    backups.export_is(status="failed")

    response = backups.status("export", backups.world.now())

    assert (response["status"], response["message"]) == (
        "failed",
        "the export failed: SendGrid does not say why",
    )


@pytest.mark.parametrize(("age", "status"), [(6 * HOUR - 1, "pending"), (6 * HOUR + 1, "failed")])
def test_an_export_that_is_not_ready_in_time_has_failed(backups: Backups, age: float, status: str) -> None:
    backups.world.double.account.exports.spoil_next(ExportFlaw(status="pending"))
    started_at = backups.world.now()
    export_id = backups.start()
    backups.world.clock.advance(age)

    response = backups.status(export_id, started_at)

    assert response["status"] == status
    assert response["message"] == (
        "the export is late: not ready after 6 hours" if status == "failed" else ""
    )


def test_an_export_that_is_ready_late_is_ready(backups: Backups) -> None:
    started_at = backups.world.now()
    export_id = backups.start()
    backups.world.clock.advance(7 * HOUR)

    assert backups.status(export_id, started_at)["status"] == "ready"


def test_files_of_one_name_in_two_folders_are_two(backups: Backups) -> None:
    backups.ready_at("https://127.0.0.1/a/://x/1.csv.gz?u=1", "https://127.0.0.1/b/://x/1.csv.gz?u=1")
    response = backups.status("export", backups.world.now())
    assert (response["status"], len(set(response["parts"]))) == ("ready", 2)


def test_an_export_without_files_has_failed(backups: Backups) -> None:
    backups.ready_at()

    response = backups.status("export", backups.world.now())

    assert (response["status"], response["message"]) == ("failed", "the export is ready and has no files")


def test_an_export_with_two_links_to_one_file_has_failed(backups: Backups) -> None:
    backups.ready_at("https://files.example.com/0?X-Amz-Date=1", "https://files.example.com/0?X-Amz-Date=2")

    response = backups.status("export", backups.world.now())

    assert (response["status"], response["parts"]) == ("failed", [])
    assert response["message"] == "two links of the export lead to the same file"


@pytest.mark.parametrize(("left", "status"), [(-1, "failed"), (299, "failed"), (301, "ready")])
def test_an_export_whose_links_are_about_to_expire_has_failed(
    backups: Backups, left: float, status: str
) -> None:
    backups.ready_at("https://files.example.com/0", expires_at=backups.in_seconds(left))

    response = backups.status("export", backups.world.now())

    assert response["status"] == status
    assert ("expired" in response["message"]) == (status == "failed")


def test_an_export_that_sendgrid_does_not_know_yet_is_pending(backups: Backups) -> None:
    response = backups.status("export", backups.in_seconds(-899))

    assert (response["status"], response["retry_after"]) == ("pending", 300)


def test_an_export_that_sendgrid_no_longer_knows_is_an_error(backups: Backups) -> None:
    with pytest.raises(SendGridRefused, match="404"):
        backups.status("export", backups.in_seconds(-901))


def test_an_export_that_may_not_be_looked_at_is_an_error(backups: Backups) -> None:
    backups.world.double.faults.add(Fault(route=EXPORT, status=400))

    with pytest.raises(SendGridRefused, match="400"):
        backups.status("export", backups.world.now())


def test_an_outage_is_worth_retrying(backups: Backups) -> None:
    backups.world.double.faults.add(Fault(route=EXPORT, status=502))

    with pytest.raises(SendGridUnavailable):
        backups.status("export", backups.world.now())


@pytest.mark.parametrize(
    ("export_id", "started_at", "field"),
    [
        ("a/b", "2026-11-01T00:00:00Z", "export_id"),
        (None, "2026-11-01T00:00:00Z", "export_id"),
        ("export", "2026-11-01T00:00:00", "started_at"),
        ("export", 0, "started_at"),
    ],
)
def test_a_question_that_is_none_is_invalid(
    backups: Backups, export_id: Any, started_at: Any, field: str
) -> None:
    with pytest.raises(InvalidRequest, match=field):
        backups.status(export_id, started_at)
