from pathlib import Path

import pytest

from local.aws.template import load_template


def test_function_becomes_plain_cloudformation_with_the_globals_merged_in(toy_template: Path) -> None:
    function = load_template(toy_template).of_type("AWS::Lambda::Function")["DirectFunction"]

    assert (function["Handler"], function["Runtime"]) == ("toy_functions.direct", "python3.13")


def test_code_and_definitions_are_relative_to_the_template(toy_template: Path) -> None:
    template = load_template(toy_template)

    assert template.code_directories["ConsumeFunction"] == toy_template.parent
    assert template.definitions["OrderStateMachine"] == toy_template.with_name("order.asl.json")


def test_each_queue_event_becomes_an_event_source_mapping(toy_template: Path) -> None:
    mappings = load_template(toy_template).of_type("AWS::Lambda::EventSourceMapping")

    queues = sorted(mapping["EventSourceArn"]["Fn::GetAtt"][0] for mapping in mappings.values())
    assert queues == ["OrderQueue", "PlainQueue"]


@pytest.mark.parametrize(("value", "declared"), [("true", True), ("false", False)])
def test_a_resource_is_there_only_under_its_condition(toy_template: Path, value: str, declared: bool) -> None:
    template = load_template(toy_template, {"MakesArchive": value})

    assert ("ArchiveQueue" in template.resources) is declared


def test_a_parameter_has_its_default_unless_it_is_overridden(toy_template: Path) -> None:
    def batch_size(parameters: dict[str, str]) -> object:
        return load_template(toy_template, parameters).resolve({"Ref": "BatchSize"}, lambda _id, _name: "")

    assert batch_size({}) == 10
    assert batch_size({"BatchSize": "500"}) == "500"


def test_a_property_can_be_overridden(toy_template: Path) -> None:
    template = load_template(toy_template, properties={"OrderQueue": {"VisibilityTimeout": 1}})

    assert template.of_type("AWS::SQS::Queue")["OrderQueue"]["VisibilityTimeout"] == 1
    assert template.of_type("AWS::SQS::Queue")["OrderQueue"]["MessageRetentionPeriod"] == 1209600


def test_a_parameter_that_is_not_declared_is_refused_by_name(toy_template: Path) -> None:
    with pytest.raises(ValueError, match="BatchSise"):
        load_template(toy_template, {"BatchSise": "1"})


def test_a_parameter_without_a_value_is_refused_by_name(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Parameters: {Stage: {Type: String}}\nResources: {Queue: {Type: 'AWS::SQS::Queue'}}\n"
    )

    with pytest.raises(ValueError, match="Stage"):
        load_template(template)
