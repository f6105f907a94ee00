"""The commands of docs/operations.md do against the stack on this machine what the page says, as they are printed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.conftest import System
from tests.support import shell

Run = Callable[..., str]

# Each is in a test below; a block that is added to the page needs a name and a test.
(
    DEFINITIONS,
    LOG,
    QUEUE,
    DEAD_LETTERS,
    COUNT_CONTACTS,
    REDRIVE,
    PURGE_DEAD_LETTERS,
    PAUSE_AND_RESUME,
    STOP_EXECUTION,
    PUT_KEY,
    ASK_FOR_JOB,
    PURGE_DELETE_ALL,
) = shell.blocks((Path(__file__).parents[2] / "docs" / "operations.md").read_text())

BULK = "BulkDeleteQueue"


@pytest.fixture
def run(system: System, tmp_path: Path) -> Run:
    """Runs commands of the page in `tmp_path`; gives what they print."""

    def run(*commands: str) -> str:
        return shell.run("\n".join([DEFINITIONS, *commands]), system.stack.moto.url, tmp_path)

    return run


def test_log_and_dead_letters_show_a_rejected_request_until_it_is_purged(run: Run, system: System) -> None:
    system.work(BULK, {"contact_ids": "everyone"})

    logged = run(LOG)
    [[message_id, code, reason]] = json.loads(run(DEAD_LETTERS))
    run(PURGE_DEAD_LETTERS)

    assert code == "InvalidRequest"
    assert "contact_ids" in reason
    assert message_id
    assert "request rejected" in logged
    assert system.stack.queue_counts()["BulkDeleteDeadLetterQueue"].total == 0


def test_messages_wait_in_a_paused_queue_until_it_is_resumed(run: Run, system: System) -> None:
    find, pause, resume = PAUSE_AND_RESUME.splitlines()

    run(find, pause)
    system.stack.send(BULK, ["{}"])
    counted = json.loads(run(QUEUE))["Attributes"]
    run(find, resume)
    system.stack.wait_until_idle([BULK])

    assert counted == {"ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0"}


def test_contacts_are_counted(run: Run, system: System) -> None:
    system.double.account.add_contact(external_id="1")

    assert last_line(run(COUNT_CONTACTS))["contact_count"] == 1


def test_a_job_is_asked_for(run: Run) -> None:
    response = last_line(run(ASK_FOR_JOB))

    assert response["status"] == "pending"
    assert [job["job_id"] for job in response["jobs"]] == ["21be0c9d-73ca-40a6-a903-13adea0eb0a8"]


def test_a_running_execution_is_listed_and_stopped(run: Run, system: System) -> None:
    system.double.account.add_contact(external_id="1")
    system.double.settings.change(export_delay=3600)
    request = {"confirm": "Delete All Contacts", "max_contacts": 5}
    execution = system.stack.start_execution("BackupThenDeleteAllStateMachine", request, "stopped-by-hand")

    listed = run(f"EXECUTION_ARN={execution}", STOP_EXECUTION)

    assert execution in listed
    assert system.stack.wait_for_execution(execution).status == "ABORTED"


def test_a_new_key_is_used_and_its_file_removed(run: Run, system: System, tmp_path: Path) -> None:
    key = f"{system.deployment.api_keys[-1]}.by-hand"
    system.deployment.api_keys += (key,)
    system.double.api_keys = {key}
    (tmp_path / "sendgrid-api-key.txt").write_text(f"{key}\n")

    run(PUT_KEY)

    assert system.stack.invoke("ContactCountFunction", {})["contact_count"] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_delete_all_that_waits_is_purged(run: Run, system: System) -> None:
    system.stack.event_source_mappings["DeleteAllQueue"].disable()
    system.stack.send("DeleteAllQueue", ["{}"])

    run(PURGE_DELETE_ALL)

    assert system.stack.queue_counts()["DeleteAllQueue"].total == 0


def test_moto_has_no_message_move_tasks(system: System) -> None:
    """When it has, the page need no longer say that a redrive cannot be rehearsed."""
    assert "message-move-task" in REDRIVE

    with pytest.raises(ClientError, match="StartMessageMoveTask"):
        system.stack.sqs.start_message_move_task(SourceArn="arn:aws:sqs:us-east-1:123456789012:queue")


def last_line(printed: str) -> Any:
    return json.loads(printed.splitlines()[-1])
