"""Every function does all that it is for with its own role's policies, and needs each of their actions for it.

The functions' and their pollers' calls to AWS are judged by `policy.py`; moto, which carries them out, judges none.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from local.aws.names import arn
from tests.permissions.conftest import Run
from tests.permissions.policy import Call, Policy, actions_of

# Actions that no call shows to be needed, of all functions or of one, and why they are there.
UNSEEN = {
    "logs:CreateLogStream": "Lambda writes the log, in the function's name",
    "logs:PutLogEvents": "Lambda writes the log, in the function's name",
    "xray:PutTraceSegments": "Lambda's daemon sends the traces, in the function's name",
    "xray:PutTelemetryRecords": "Lambda's daemon sends the traces, in the function's name",
    "sqs:GetQueueAttributes": "Lambda demands it of a role that it is to poll with (Lambda's documentation)",
    "BackupCheckFunction s3:ListBucket": "for 404 in place of 403, which moto answers anyway",
    "PrepareListFunction s3:ListBucket": "for 404 in place of 403, which moto answers anyway",
    "PrepareListFunction s3:AbortMultipartUpload": "a file of batches that is too large for one call, and fails",
}


def test_each_role_allows_what_its_function_does_and_no_more(run: Run, subtests: pytest.Subtests) -> None:
    """One test, so that the run is made once, however many workers there are."""
    with subtests.test("no call is denied"):
        assert {name: gate.denied for name, gate in run.stack.gates.items() if gate.denied} == {}
    with subtests.test("everything is done"):
        assert set(run.executions.values()) == {"SUCCEEDED"}
        assert run.double.account.contact_ids() == {run.kept}
        assert {name for name, counts in run.stack.queue_counts().items() if counts.total} == {
            "BulkDeleteDeadLetterQueue",
            "DeleteAllDeadLetterQueue",
            "DeletionStatusDeadLetterQueue",
            "RecordedEvents",
            "RemoveIdentifierDeadLetterQueue",
        }
    with subtests.test("every action of every statement is needed"):
        assert _unneeded(run) == set()
    for function in run.stack.functions:
        with subtests.test("what is denied does not get through", function=function):
            _assert_denied(run, function)


def _unneeded(run: Run) -> set[tuple[str, str, str]]:
    return {
        (name, statement["Sid"], action)
        for name, gate in run.stack.gates.items()
        for statement in gate.policy.statements
        for action in actions_of(statement)
        if not UNSEEN.keys() & {action, f"{name} {action}"}
        and not any(_grants(statement, action, call) for call in gate.allowed)
    }


def _grants(statement: Mapping[str, Any], action: str, call: Call) -> bool:
    return Policy([{**statement, "Action": action}]).allows(call)


def _assert_denied(run: Run, function: str) -> None:
    sqs = run.stack.client(function, "sqs")
    with pytest.raises(sqs.exceptions.ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=run.stack.ref("DeleteAllQueue"), MessageBody="{}")
    assert run.stack.gates[function].denied == [Call("sqs:SendMessage", arn("sqs", "DeleteAllQueue"))]
    assert run.stack.queue_counts()["DeleteAllQueue"].total == 0
