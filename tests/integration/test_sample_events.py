"""The files in events/ are what the builders make, and lead to what docs/local-development.md says."""

import json
import re
import subprocess
from datetime import datetime
from typing import Any

import pytest

from contact_deletion.errors import DeleteAllRefused
from tests.support import sample_events
from tests.support.sample_events import DIRECTORY, REQUESTED_AT
from tests.support.world import World


@pytest.fixture
def filled(world: World) -> World:
    """A world with the samples' contacts, on the samples' day."""
    for contact in event("contacts"):
        world.double.account.add_contact(**contact)
    world.clock.advance(datetime.fromisoformat(REQUESTED_AT).timestamp() - world.clock())
    return world


def event(name: str) -> Any:
    return json.loads((DIRECTORY / f"{name}.json").read_text())


def codes(world: World) -> list[str]:
    return [line.get("code", "accepted") for line in world.outcomes()]


def test_the_files_are_current() -> None:
    assert {path.name: path.read_text() for path in DIRECTORY.glob("*.json")} == {
        name: sample_events.text(content) for name, content in sample_events.files().items()
    }


def test_bulk_delete(filled: World) -> None:
    assert filled.bulk_delete(event("bulk-delete-sqs")) == {"batchItemFailures": []}
    assert codes(filled) == ["accepted", "accepted", "InvalidRequest"]
    assert filled.bulk_delete(event("bulk-delete-direct"))["contact_count"] == 2
    filled.jobs_end()
    assert len(filled.double.account) == 2


def test_delete_by_identifiers(filled: World) -> None:
    assert filled.bulk_delete(event("delete-by-identifiers-sqs")) == {"batchItemFailures": []}
    assert codes(filled) == ["accepted", "accepted", "InvalidRequest"]
    assert filled.bulk_delete(event("delete-by-identifiers-direct"))["identifiers"]["found"] == 1
    filled.jobs_end()
    assert len(filled.double.account) == 4


def test_remove_identifier(filled: World) -> None:
    assert filled.remove_identifier(event("remove-identifier-sqs")) == {"batchItemFailures": []}
    assert codes(filled) == ["accepted", "accepted", "InvalidRequest"]
    assert filled.remove_identifier(event("remove-identifier-direct"))["contact_count"] == 1
    filled.jobs_end()
    assert [job.status for job in filled.double.account.jobs()] == ["completed"] * 3


def test_delete_all(filled: World) -> None:
    assert filled.delete_all(event("delete-all-sqs")) == {"batchItemFailures": []}
    assert codes(filled) == ["accepted", "DeleteAllRefused", "InvalidRequest"]
    assert filled.delete_all(event("delete-all-direct"))["contact_count"] == 7


def test_documented_command_makes_a_new_delete_all_each_time(filled: World) -> None:
    document = (DIRECTORY.parent / "docs" / "local-development.md").read_text()
    [command] = re.findall(r"^ +(sed .* events/delete-all-direct\.json) \|$", document, re.MULTILINE)

    for minute in ("00", "01"):
        now = f"2026-11-21T12:{minute}:00Z"
        made = subprocess.run(  # noqa: S603 - the document's
            ["bash", "-euc", f"date() {{ echo {now}; }}; {command}"],  # noqa: S607 - of the PATH
            cwd=DIRECTORY.parent,
            check=True,
            capture_output=True,
        )
        response = filled.delete_all(json.loads(made.stdout))
        filled.clock.advance(60)

        assert (response["request_id"], response["replayed"]) == (f"reset-{now}", False)
    filled.jobs_end()
    assert len(filled.double.account) == 0


def test_a_sample_of_delete_all_is_too_old_to_do_harm(filled: World) -> None:
    filled.clock.advance(3600)
    with pytest.raises(DeleteAllRefused):
        filled.delete_all(event("delete-all-direct"))


def test_deletion_status(filled: World) -> None:
    filled.clock.advance(24 * 3600)

    assert filled.deletion_status(event("deletion-status-sqs")) == {"batchItemFailures": []}
    assert codes(filled) == ["DeletionFailed", "accepted"]
    purge, other = filled.outcome_events()
    assert (purge["request_id"], purge["remaining_contacts"]["count"]) == ("purge-2026-11", 2)
    assert (other["request_id"], other["remaining_contacts"]["count"]) == (None, 0)
    assert filled.deletion_status(event("deletion-status-direct"))["status"] == "pending"


def test_contact_count(filled: World) -> None:
    assert filled.contact_count(event("contact-count-direct"))["contact_count"] == 7


def test_identifier_check(filled: World) -> None:
    assert filled.identifier_check(event("identifier-check-direct")) == {"present": True, "last": True}
