"""The rules by which the other tests of this directory judge."""

from typing import Any

import pytest

from tests.permissions.policy import Call, Policy

READ = {"Effect": "Allow", "Action": ["q:Receive", "q:Get*"], "Resource": "arn:q:one"}


def allows(statement: dict[str, Any], action: str, resource: str, **keys: list[str]) -> bool:
    return Policy([statement]).allows(Call(action, resource, keys))


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("q:Receive", "arn:q:one", True),
        ("q:GetUrl", "arn:q:one", True),
        ("Q:RECEIVE", "arn:q:one", True),
        ("q:Send", "arn:q:one", False),
        ("q:ReceiveAll", "arn:q:one", False),
        ("q:Receive", "arn:q:one2", False),
        ("q:Receive", "arn:q:ONE", False),
    ],
)
def test_an_action_and_a_resource_match_as_a_whole(action: str, resource: str, expected: bool) -> None:
    assert allows(READ, action, resource) is expected


def test_what_nothing_allows_is_denied_and_a_denial_outweighs() -> None:
    call = Call("q:Receive", "arn:q:one")

    assert not Policy([]).allows(call)
    assert not Policy([READ, {"Effect": "Deny", "Action": "q:*", "Resource": "*"}]).allows(call)


EACH = {"ForAllValues:StringLike": {"keys": ["mine#*"]}}
EACH_THERE = {"ForAllValues:StringEquals": {"keys": "mine"}, "Null": {"keys": "false"}}
ABSENT = {"Null": {"keys": "true"}}
ONE = {"StringEquals": {"keys": "mine"}}


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (EACH, ["mine#1", "mine#2"], True),
        (EACH, ["mine#1", "other#1"], False),
        (EACH, [], True),  # IAM's rule: there is no value that does not match
        (EACH_THERE, ["mine", "mine"], True),
        (EACH_THERE, ["mine", "other"], False),
        (EACH_THERE, [], False),
        (ABSENT, [], True),
        (ABSENT, ["mine"], False),
        (ONE, ["mine"], True),
        (ONE, ["other"], False),
        (ONE, [], False),
    ],
)
def test_condition_is_met_by_the_values_of_its_key(condition: Any, values: list[str], expected: bool) -> None:
    keys = {"keys": values} if values else {}
    assert allows(READ | {"Condition": condition}, "q:Receive", "arn:q:one", **keys) is expected


@pytest.mark.parametrize(
    "statement",
    [READ | {"NotAction": "q:Send"}, READ | {"Condition": {"IpAddress": {"aws:SourceIp": "::1"}}}],
)
def test_what_is_not_known_is_not_passed_over(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="have no"):
        Policy([statement])
