from typing import Any

import pytest

from local.aws.intrinsics import Resolver

PARAMETERS = {"Stage": "dev", "Number": 5, "AWS::Region": "us-east-1"}
CONDITIONS = {
    "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
    "IsProd": {"Fn::Not": [{"Condition": "IsDev"}]},
}


def attribute_of(logical_id: str, name: str) -> str:
    if logical_id != "Queue":
        raise ValueError(f"{logical_id} is not declared")
    return f"{name} of {logical_id}"


@pytest.fixture
def resolver() -> Resolver:
    return Resolver(PARAMETERS, CONDITIONS, attribute_of)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("text", "text"),
        (["a", {"Ref": "Stage"}], ["a", "dev"]),
        ({"Name": {"Ref": "Number"}, "Other": 1}, {"Name": 5, "Other": 1}),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Queue"}, "Ref of Queue"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "Arn of Queue"),
        ({"Fn::If": ["IsDev", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsProd", "yes", "no"]}, "no"),
        ({"Fn::Equals": [{"Ref": "Number"}, "5"]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}, False),
        ({"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}, True),
        ({"Fn::Sub": "${Stage}/${Queue.Arn}/${Queue}/${!Kept}"}, "dev/Arn of Queue/Ref of Queue/${Kept}"),
        ({"Fn::Sub": ["${Name} in ${Stage}", {"Name": {"Ref": "Number"}}]}, "5 in dev"),
        ({"A": {"Ref": "AWS::NoValue"}, "B": 1}, {"B": 1}),
        (["a", {"Fn::If": ["IsProd", "b", {"Ref": "AWS::NoValue"}]}], ["a"]),
    ],
)
def test_intrinsic_function_becomes_its_value(resolver: Resolver, value: Any, resolved: Any) -> None:
    assert resolver.resolve(value) == resolved


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"Fn::ImportValue": "Other"}, "Fn::ImportValue"),
        ({"Ref": "Missing"}, "Missing"),
        ({"Fn::Sub": "${Missing.Arn}"}, "Missing"),
        ({"Fn::If": ["Undeclared", 1, 2]}, "Undeclared"),
    ],
)
def test_what_is_not_known_is_named(resolver: Resolver, value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        resolver.resolve(value)


def test_a_branch_that_is_not_taken_is_not_resolved(resolver: Resolver) -> None:
    assert resolver.resolve({"Fn::If": ["IsProd", {"Ref": "Missing"}, "no"]}) == "no"
