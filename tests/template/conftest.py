"""The deployed template, read once for the tests of this directory."""

from collections.abc import Mapping
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws.template import TEMPLATE, Template, load_template
from tests.support.template import role_statements

WITH_ALARM_TOPIC = {"AlarmEmail": "operator@example.com"}


def _name(resource: str, attribute: str) -> str:
    return f"{resource}.{attribute}"


class Declared:
    """Resources after the SAM transform, with the parameters' defaults and an alarm topic.

    A reference to a resource stands as "<logical id>.<attribute>".
    """

    def __init__(self, template: Template) -> None:
        self._template = template

    def of_type(self, resource_type: str) -> dict[str, Any]:
        """Properties by logical id."""
        return {
            logical_id: self._template.resolve(properties, _name)
            for logical_id, properties in self._template.of_type(resource_type).items()
        }

    def function(self, name: str) -> Any:
        return self.of_type("AWS::Lambda::Function")[f"{name}Function"]

    def state_machine(self, name: str) -> Any:
        return self.of_type("AWS::StepFunctions::StateMachine")[f"{name}StateMachine"]

    def definition(self, name: str) -> str:
        """A state machine's definition as it is written, before its substitutions."""
        return self._template.definitions[f"{name}StateMachine"].read_text()

    def statements(self, role: str) -> list[Any]:
        """What a role's inline and managed policies allow."""
        return role_statements(self._template, role, _name)

    def queue(self, logical_id: str) -> Any:
        return self.of_type("AWS::SQS::Queue")[logical_id]

    def event_source(self, name: str) -> Any:
        """The one event source mapping of a function's queue."""
        (mapping,) = (
            mapping
            for mapping in self.of_type("AWS::Lambda::EventSourceMapping").values()
            if mapping["EventSourceArn"] == f"{name}Queue.Arn"
        )
        return mapping

    def fed_functions(self) -> set[str]:
        """The names, less "Function", of those that a queue invokes by an alias."""
        aliases = self.of_type("AWS::Lambda::Alias")
        return {
            aliases[mapping["FunctionName"].removesuffix(".Ref")]["FunctionName"].removesuffix("Function.Ref")
            for mapping in self.of_type("AWS::Lambda::EventSourceMapping").values()
        }

    def retained(self) -> set[str]:
        """What stays when the stack is deleted or the resource replaced, but not when the first deployment fails."""
        return {
            logical_id
            for logical_id, resource in self._template.resources.items()
            if resource.get("DeletionPolicy") == "RetainExceptOnCreate"
            and resource.get("UpdateReplacePolicy") == "Retain"
        }


@pytest.fixture(scope="session")
def source() -> Mapping[str, Any]:
    """The template as it is written."""
    parsed: Mapping[str, Any] = yaml_parse(TEMPLATE.read_text())
    return parsed


@pytest.fixture(scope="session")
def declared() -> Declared:
    return Declared(load_template(TEMPLATE, WITH_ALARM_TOPIC))
