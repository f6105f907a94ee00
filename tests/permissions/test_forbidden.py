"""What a function must not be able to do, whatever code runs in it."""

import pytest

from local.aws.names import arn
from local.simulation import queue_functions
from tests.permissions.policy import Call
from tests.permissions.resources import policy_of, resource_arn
from tests.template.names import DELETERS, FUNCTIONS, QUEUE_FUNCTIONS, QUEUES, STATE_MACHINES

OPERATIONS = {name: module.OPERATION for name, module in queue_functions.DELETERS.items()}
DEFAULT_BUS = arn("events", "event-bus/default")
LEDGER_ACTIONS = [
    *("BatchGetItem", "GetItem", "PartiQLSelect", "Query", "Scan"),
    *("BatchWriteItem", "DeleteItem", "PutItem", "UpdateItem", "DeleteTable"),
]

each_function = pytest.mark.parametrize("name", FUNCTIONS)
each_queue_function = pytest.mark.parametrize("name", QUEUE_FUNCTIONS)
each_deleter = pytest.mark.parametrize("name", DELETERS)


def allowed(name: str, action: str, resource: str, **keys: str | list[str]) -> bool:
    """A condition key's ":" stands as "__"."""
    given = {
        key.replace("__", ":"): [value] if isinstance(value, str) else value for key, value in keys.items()
    }
    return policy_of(name).allows(Call(action, resource, given))


@each_function
def test_no_function_sends_a_request_to_delete(name: str) -> None:
    for queue in ("BulkDeleteQueue", "DeleteAllQueue", "RemoveIdentifierQueue"):
        assert not allowed(name, "sqs:SendMessage", resource_arn(queue)), queue


@each_function
def test_queue_is_changed_by_no_function_and_received_from_by_its_own(name: str) -> None:
    receive = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    change = ("SetQueueAttributes", "AddPermission", "PurgeQueue", "DeleteQueue", "StartMessageMoveTask")
    for queue in QUEUES:
        for action in change if queue == f"{name}Queue" else change + receive:
            assert not allowed(name, f"sqs:{action}", resource_arn(queue)), (action, queue)


@each_function
def test_only_its_own_dead_letter_queue_takes_what_a_function_rejects(name: str) -> None:
    for queue in QUEUES:
        if queue.endswith("DeadLetterQueue") and queue != f"{name}DeadLetterQueue":
            assert not allowed(name, "sqs:SendMessage", resource_arn(queue)), queue


@each_deleter
def test_a_function_that_deletes_touches_its_own_items_only(name: str) -> None:
    own, other = f"{OPERATIONS[name]}#1", next(f"{o}#1" for n, o in OPERATIONS.items() if n != name)
    table = resource_arn("LedgerTable")

    assert any(allowed(name, f"dynamodb:{a}", table, dynamodb__LeadingKeys=own) for a in LEDGER_ACTIONS)
    for action in LEDGER_ACTIONS:
        assert not allowed(name, f"dynamodb:{action}", table, dynamodb__LeadingKeys=other), action
        assert not allowed(name, f"dynamodb:{action}", table, dynamodb__LeadingKeys=[own, other]), action


@each_function
def test_ledger_is_reached_by_functions_that_delete_and_not_as_a_whole(name: str) -> None:
    table = resource_arn("LedgerTable")
    for action in (*LEDGER_ACTIONS, "ExportTableToPointInTime", "UpdateTimeToLive"):
        assert not allowed(name, f"dynamodb:{action}", table), action
        for operation in OPERATIONS.values() if name not in DELETERS else ():
            keys = f"{operation}#1"
            assert not allowed(name, f"dynamodb:{action}", table, dynamodb__LeadingKeys=keys), action


@each_function
def test_a_function_that_has_no_queue_does_not_reach_any(name: str) -> None:
    if name in QUEUE_FUNCTIONS:
        return
    for queue in QUEUES:
        for action in ("SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueUrl"):
            assert not allowed(name, f"sqs:{action}", resource_arn(queue)), (action, queue)


@each_function
def test_no_function_reads_another_secret_or_changes_the_key(name: str) -> None:
    key = resource_arn("SendGridApiKeySecret")

    assert not allowed(name, "secretsmanager:GetSecretValue", arn("secretsmanager", "secret:other-AbCdEf"))
    assert not allowed(name, "secretsmanager:GetSecretValue", key + "x")
    for action in ("PutSecretValue", "UpdateSecret", "DeleteSecret", "PutResourcePolicy"):
        assert not allowed(name, f"secretsmanager:{action}", key), action


@each_queue_function
def test_events_are_put_in_no_other_name_and_on_no_other_bus(name: str) -> None:
    ours = "sendgrid-contact-deletion"

    assert allowed(name, "events:PutEvents", DEFAULT_BUS, events__source=[ours, ours])
    assert not allowed(name, "events:PutEvents", DEFAULT_BUS, events__source=[ours, "billing"])
    assert not allowed(name, "events:PutEvents", DEFAULT_BUS, events__source="billing")
    assert not allowed(name, "events:PutEvents", DEFAULT_BUS)
    assert not allowed(name, "events:PutEvents", arn("events", "event-bus/other"), events__source=ours)


@each_function
def test_what_no_function_does_at_all(name: str) -> None:
    anything = [
        ("iam:PassRole", arn("iam", "role/any")),
        ("sts:AssumeRole", arn("iam", "role/any")),
        *[("lambda:InvokeFunction", arn("lambda", f"function:{other}Function")) for other in FUNCTIONS],
        *[("lambda:UpdateFunctionConfiguration", arn("lambda", f"function:{f}Function")) for f in FUNCTIONS],
        *[("states:StartExecution", arn("states", f"stateMachine:{m}StateMachine")) for m in STATE_MACHINES],
        ("sns:Publish", arn("sns", "any")),
        ("logs:DeleteLogGroup", resource_arn(f"{name}FunctionLogGroup")),
        ("logs:GetLogEvents", resource_arn(f"{name}FunctionLogGroup")),
    ]

    for action, resource in anything:
        assert not allowed(name, action, resource), (action, resource)


@each_function
def test_no_role_changes_lists_or_removes_results_and_backups(name: str) -> None:
    """Lists are for their plan, and backups for their check and a list's plan."""
    lists, backups = resource_arn("ContactListBucket"), resource_arn("BackupBucket")

    assert allowed(name, "s3:GetObject", f"{lists}/lists/one") is (name == "PrepareList")
    for action in ("PutObject", "DeleteObject"):
        assert not allowed(name, f"s3:{action}", f"{lists}/lists/one"), action
    assert not allowed(name, "s3:DeleteObject", f"{lists}/results/one")
    assert not allowed(name, "s3:ListBucket", lists, s3__prefix="lists/")
    for action in ("DeleteObject", "DeleteObjectVersion", "PutObjectAcl", "PutObjectRetention"):
        assert not allowed(name, f"s3:{action}", f"{backups}/backups/one"), action
    readers = {"GetObject": {"BackupCheck"}, "GetObjectVersion": {"BackupCheck", "PrepareList"}}
    for action, names in readers.items():
        assert allowed(name, f"s3:{action}", f"{backups}/backups/one") is (name in names), action
    for bucket in (lists, backups):
        assert not allowed(name, "s3:PutBucketPolicy", bucket)
        assert not allowed(name, "s3:PutLifecycleConfiguration", bucket)
