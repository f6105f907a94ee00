"""What a role's policies say to a call, by the rules of IAM that the template makes use of.

Not moto's: it looks at no statement's resource and condition. Known here are Allow and Deny, wildcards
in actions and resources, and the operators of `_OPERATORS`; whatever else stands in a statement is an error, so that
nothing is passed over.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

_PARTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Call:
    """One action on one resource, with the values of its condition keys."""

    action: str
    resource: str
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Policy:
    """Raises ValueError for statements with a part or an operator that is not known here."""

    def __init__(self, statements: Iterable[Mapping[str, Any]]) -> None:
        self.statements = list(statements)
        for statement in self.statements:
            if unknown := statement.keys() - _PARTS:
                raise ValueError(f"statements have no {', '.join(sorted(unknown))} here")
            if unknown := statement.get("Condition", {}).keys() - _OPERATORS.keys():
                raise ValueError(f"conditions have no {', '.join(sorted(unknown))} here")

    def allows(self, call: Call) -> bool:
        effects = {s["Effect"] for s in self.statements if _applies(s, call)}
        return effects == {"Allow"}


def actions_of(statement: Mapping[str, Any]) -> list[str]:
    return _listed(statement["Action"])


def _applies(statement: Mapping[str, Any], call: Call) -> bool:
    return (
        # Actions are the same in upper and lower case, resources are not.
        any(_matches(call.action.lower(), action.lower()) for action in actions_of(statement))
        and any(_matches(call.resource, resource) for resource in _listed(statement["Resource"]))
        and all(
            _OPERATORS[operator](call.keys.get(key, ()), _listed(wanted))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _one(test: Callable[[str, str], bool]) -> Callable[[Sequence[str], list[str]], bool]:
    """For a key with a single value: without the key, the statement does not apply."""
    return lambda given, wanted: bool(given) and all(any(test(each, w) for w in wanted) for each in given)


def _for_all(test: Callable[[str, str], bool]) -> Callable[[Sequence[str], list[str]], bool]:
    """For a key with several, or with IfExists: without the key, the statement does apply, as in IAM."""
    return lambda given, wanted: all(any(test(each, w) for w in wanted) for each in given)


def _matches(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _null(given: Sequence[str], wanted: list[str]) -> bool:
    """Whether the key has to be absent ("true") or there ("false")."""
    return wanted == [str(not given).lower()]


_OPERATORS = {
    "Null": _null,
    "ForAllValues:StringEquals": _for_all(str.__eq__),
    "StringEquals": _one(str.__eq__),
    "StringLike": _one(_matches),
    "StringLikeIfExists": _for_all(_matches),
    "ForAllValues:StringLike": _for_all(_matches),
}


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
