"""What Step Functions keeps of an execution, for 90 days after its end, has no link to a job's errors.

The histories of DeleteContactList's batches cannot be read here.
"""

from typing import Any

import pytest

from local.sendgrid_double import Fault
from tests.workflows.conftest import Workflows

ERRORED = Fault(
    method="GET",
    route="/v3/marketing/contacts/imports/{job_id}",
    status=200,
    body={
        "status": "errored",
        "results": {"errors_url": "https://errors.example.com/file?signature=planted"},
    },
    times=10**6,
)


@pytest.mark.parametrize("machine", ["BackupThenDeleteAll", "RemoveContactIdentifier"])
def test_no_link_to_a_jobs_errors_is_in_a_history_or_a_log(workflows: Workflows, machine: str) -> None:
    contact_id = workflows.double.account.add_contact(email="ada@example.com", external_id="ada")
    workflows.double.faults.add(ERRORED)
    requests: dict[str, Any] = {
        "BackupThenDeleteAll": {"confirm": "Delete All Contacts", "max_contacts": 1},
        "RemoveContactIdentifier": {
            "contact_id": contact_id,
            "identifier_type": "EMAIL",
            "identifier_value": "ada@example.com",
        },
    }

    ended = workflows.run(f"{machine}StateMachine", requests[machine])

    asked = [call for call in workflows.double.requests if call.route == ERRORED.route]
    assert asked
    for kept in (workflows.history(ended.arn), *map(workflows.stack.logs, workflows.stack.functions)):
        assert "planted" not in kept
        assert "errors_url" not in kept
