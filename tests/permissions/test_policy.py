"""The rules by which the other tests of this directory judge."""

from typing import Any

import pytest

from tests.permissions.policy import Call, Policy

READ = {"Effect": "Allow", "Action": ["q:Receive", "q:Get*"], "Resource": "arn:q:one"}
LEADING = {"ForAllValues:StringLike": {"keys": ["mine#*"]}}


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


def test_every_one_of_several_values_has_to_match() -> None:
    statement = READ | {"Condition": LEADING}

    assert allows(statement, "q:Receive", "arn:q:one", keys=["mine#1", "mine#2"])
    assert not allows(statement, "q:Receive", "arn:q:one", keys=["mine#1", "other#1"])
    assert allows(statement, "q:Receive", "arn:q:one")  # IAM's rule: there is no value that does not match


def test_several_values_may_be_demanded_to_be_there() -> None:
    statement = READ | {
        "Condition": {"ForAllValues:StringEquals": {"keys": "mine"}, "Null": {"keys": "false"}}
    }

    assert allows(statement, "q:Receive", "arn:q:one", keys=["mine", "mine"])
    assert not allows(statement, "q:Receive", "arn:q:one", keys=["mine", "other"])
    assert not allows(statement, "q:Receive", "arn:q:one")


def test_a_value_may_be_demanded_to_be_absent() -> None:
    statement = READ | {"Condition": {"Null": {"keys": "true"}}}

    assert allows(statement, "q:Receive", "arn:q:one")
    assert not allows(statement, "q:Receive", "arn:q:one", keys=["mine"])


def test_a_single_value_has_to_be_there() -> None:
    statement = READ | {"Condition": {"StringEquals": {"source": "ours"}}}

    assert allows(statement, "q:Receive", "arn:q:one", source=["ours"])
    assert not allows(statement, "q:Receive", "arn:q:one", source=["theirs"])
    assert not allows(statement, "q:Receive", "arn:q:one")


@pytest.mark.parametrize(
    "statement",
    [READ | {"NotAction": "q:Send"}, READ | {"Condition": {"IpAddress": {"aws:SourceIp": "::1"}}}],
)
def test_what_is_not_known_is_not_passed_over(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="have no"):
        Policy([statement])
