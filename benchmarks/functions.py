"""The functions of template.yaml, as `sam build` has made them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".aws-sam" / "build"


@dataclass(frozen=True)
class BuiltFunction:
    """`artifact` is the directory that Lambda has as /var/task, where nothing may be written."""

    name: str
    handler: str
    memory_mb: int
    artifact: Path


@cache
def built_functions() -> tuple[BuiltFunction, ...]:
    """Raises FileNotFoundError where there is no build."""
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    functions = tuple(
        BuiltFunction(
            name, resource["Properties"]["Handler"], resource["Properties"]["MemorySize"], BUILD / name
        )
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    )
    if missing := [function.name for function in functions if not function.artifact.is_dir()]:
        raise FileNotFoundError(f"not built: {', '.join(missing)}; `make bench` builds them first")
    return functions


def built(name: str) -> BuiltFunction:
    return next(function for function in built_functions() if function.name == name)
