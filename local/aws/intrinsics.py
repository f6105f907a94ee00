"""CloudFormation's intrinsic functions, as far as a template of functions and queues uses them."""

import re
from collections.abc import Callable, Mapping
from typing import Any

# What `Ref: AWS::NoValue` becomes: the property or list item that has it is left out.
_NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class Resolver:
    """Replaces intrinsic functions by what they stand for.

    `attribute_of(logical id, name)` gives an attribute of a resource, and its Ref for the name "Ref".
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        conditions: Mapping[str, Any],
        attribute_of: Callable[[str, str], Any],
    ) -> None:
        self._parameters = parameters
        self._conditions = conditions
        self._attribute_of = attribute_of
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::And": lambda operands: all(self.resolve(operands)),
            "Fn::Equals": lambda operands: _equal(*self.resolve(operands)),
            "Fn::GetAtt": lambda path: self._attribute_of(*path),
            "Fn::If": lambda branches: self.resolve(branches[1 if self.condition(branches[0]) else 2]),
            "Fn::Not": lambda operand: not self.resolve(operand)[0],
            "Fn::Or": lambda operands: any(self.resolve(operands)),
            "Fn::Sub": self._sub,
        }

    def resolve(self, value: Any) -> Any:
        """Raises ValueError naming a function, parameter, resource or condition that is not known."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name in self._functions:
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise ValueError(f"intrinsic function {name} is not known here")
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def condition(self, name: str) -> bool:
        """The value of one of the template's Conditions."""
        if name not in self._conditions:
            raise ValueError(f"condition {name} is not declared")
        return bool(self.resolve(self._conditions[name]))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        return self._parameters[name] if name in self._parameters else self._attribute_of(name, "Ref")

    def _sub(self, argument: Any) -> str:
        pattern: str
        variables: dict[str, Any]
        pattern, variables = (argument, {}) if isinstance(argument, str) else self.resolve(argument)

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in variables:
                return text(variables[name])
            return text(self._attribute_of(*name.split(".", 1)) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(replacement, pattern)


def text(value: Any) -> str:
    """A value as CloudFormation writes it where text is wanted."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _equal(left: Any, right: Any) -> bool:
    return text(left) == text(right)
