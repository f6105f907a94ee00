"""A SAM template as CloudFormation sees it: transformed, and its values resolved."""

import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws.intrinsics import Resolver
from local.aws.names import ACCOUNT_ID, REGION, STACK_NAME

# The application's own.
TEMPLATE = Path(__file__).parents[2] / "template.yaml"

_PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT_ID,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK_NAME,
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Template:
    """The resources and outputs that the conditions let through, by logical id, in plain CloudFormation.

    `code_directories` has each function's CodeUri as a directory of this machine, and `definitions` each state
    machine's DefinitionUri as a file.
    """

    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    code_directories: Mapping[str, Path]
    definitions: Mapping[str, Path]
    _parameters: Mapping[str, Any]
    _conditions: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """The values of the template's own parameters."""
        return {name: value for name, value in self._parameters.items() if name not in _PSEUDO_PARAMETERS}

    def of_type(self, resource_type: str) -> dict[str, Mapping[str, Any]]:
        """Logical id → properties, unresolved, of each resource of a type."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self.resources.items()
            if resource["Type"] == resource_type
        }

    def resolve(self, value: Any, attribute_of: Callable[[str, str], Any]) -> Any:
        """`value` with its intrinsic functions replaced; see intrinsics.Resolver."""
        return Resolver(self._parameters, self._conditions, attribute_of).resolve(value)


def load_template(
    path: Path,
    parameters: Mapping[str, str] | None = None,
    properties: Mapping[str, Mapping[str, Any]] | None = None,
) -> Template:
    """Reads a SAM template.

    `parameters` override the defaults, and `properties` single properties of resources, by logical id.
    Raises ValueError for a parameter that the template does not declare or that has no value, and
    samtranslator's InvalidDocumentException for what is not valid SAM.
    """
    source = deepcopy(_parsed(path.read_text()))
    for logical_id, overrides in (properties or {}).items():
        source["Resources"][logical_id]["Properties"].update(overrides)
    values = _parameter_values(source.get("Parameters", {}), parameters or {})
    code_directories = _take_paths(source, "AWS::Serverless::Function", "CodeUri", path.parent)
    definitions = _take_paths(source, "AWS::Serverless::StateMachine", "DefinitionUri", path.parent)
    # The transform reads the region from boto3's session.
    with mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
        transformed = transform(source, dict(values), _NoManagedPolicies())
    values |= _PSEUDO_PARAMETERS
    conditions = transformed.get("Conditions", {})
    resolver = Resolver(values, conditions, _no_attributes)

    def let_through(section: str) -> dict[str, Any]:
        return {
            logical_id: declared
            for logical_id, declared in transformed.get(section, {}).items()
            if "Condition" not in declared or resolver.condition(declared["Condition"])
        }

    return Template(
        resources=let_through("Resources"),
        outputs=let_through("Outputs"),
        code_directories=code_directories,
        definitions=definitions,
        _parameters=values,
        _conditions=conditions,
    )


@cache
def _parsed(text: str) -> dict[str, Any]:
    """Parsing takes the better part of a second, and tests load one template many times."""
    source: dict[str, Any] = yaml_parse(text)
    return source


def _parameter_values(declared: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    if unknown := overrides.keys() - declared.keys():
        raise ValueError(f"the template declares no parameter {', '.join(sorted(unknown))}")
    defaults = {name: parameter["Default"] for name, parameter in declared.items() if "Default" in parameter}
    values = {**defaults, **overrides}
    if missing := declared.keys() - values.keys():
        raise ValueError(f"no value for the parameter {', '.join(sorted(missing))}")
    return {
        name: value.split(",") if declared[name]["Type"] == "CommaDelimitedList" else value
        for name, value in values.items()
    }


def _take_paths(source: dict[str, Any], resource_type: str, name: str, root: Path) -> dict[str, Path]:
    """A property that is a path, of each resource of a type; the source gets a place in S3 instead, which the
    transform demands."""
    kind = resource_type.rpartition("::")[2]
    default = source.get("Globals", {}).get(kind, {}).get(name, ".")
    paths = {}
    for logical_id, resource in source["Resources"].items():
        if resource["Type"] == resource_type:
            paths[logical_id] = (root / resource["Properties"].get(name, default)).resolve()
            resource["Properties"][name] = "s3://bucket/key"
    return paths


def _no_attributes(logical_id: str, _attribute: str) -> Any:
    raise ValueError(f"{logical_id} is no parameter, and a condition can refer to nothing else")


class _NoManagedPolicies:
    """In place of samtranslator's loader, which gets the managed policies from IAM."""

    def load(self) -> dict[str, str]:
        return {}
