"""SECURITY.md names what there is, and its policy closes every way to the deletion of all contacts."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.permissions.policy import Call, Policy
from tests.template.names import BUCKETS

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text()
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def shown_policy() -> Any:
    (block,) = re.findall(r"```json\n(.*?)```", SECURITY, re.DOTALL)
    return json.loads(block)["Statement"]


def test_the_policy_that_it_shows_leaves_no_way_in() -> None:
    somebody = Policy([ANYTHING, *shown_policy()])
    ways = [
        ("sqs:SendMessage", "<DeleteAllQueueArn>"),
        ("sqs:StartMessageMoveTask", "<DeleteAllDeadLetterQueueArn>"),
        ("lambda:InvokeFunction", "<DeleteAllFunctionArn>"),
        ("lambda:InvokeFunction", "<DeleteAllFunctionArn>:queue"),
        ("states:StartExecution", "<BackupThenDeleteAllStateMachineArn>"),
    ]

    for action, resource in ways:
        assert not somebody.allows(Call(action, resource)), action
    assert somebody.allows(Call("sqs:SendMessage", "<BulkDeleteQueueArn>"))


def test_its_policy_is_made_of_outputs(source: Mapping[str, Any]) -> None:
    assert set(re.findall(r"<(\w+)>", SECURITY)) <= source["Outputs"].keys()


def test_every_bucket_and_every_parameter_that_it_names_exists(source: Mapping[str, Any]) -> None:
    named = set(re.findall(r"`(\w+Bucket)`", SECURITY))
    parameters = set(re.findall(r"`((?:DeleteAll|Backup|Log|Approval|SendGrid)\w+)`", SECURITY))

    assert named == set(BUCKETS)
    assert parameters <= source["Parameters"].keys() | source["Resources"].keys()
