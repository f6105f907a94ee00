"""docs/operations.md is about the alarms and outputs that there are, in commands that the AWS CLI has."""

import inspect
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

from contact_deletion import errors
from contact_deletion.errors import Rejected
from tests.template.conftest import Declared

OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
OF_THE_CLI = {"query", "output"}
"""Options of every command."""


def commands() -> Iterator[list[str]]:
    """The words of each `aws` command, up to what ends it."""
    for block in re.findall(r"```sh\n(.*?)```", OPERATIONS, re.DOTALL):
        for command in re.findall(r"\baws [^\n;&)]*(?:\)[^\n;&)]*)*", block.replace("\\\n", " ")):
            yield shlex.split(re.sub(r"\$\([^)]*\)", "RESOURCE", command.removesuffix(")")), posix=True)


def test_every_alarm_of_the_template_is_explained_and_no_other(declared: Declared) -> None:
    table = OPERATIONS.partition("## Alarms")[2].partition("\n## ")[0]
    explained = re.findall(r"`(\w+Alarm)`", table)

    assert sorted(explained) == sorted(declared.of_type("AWS::CloudWatch::Alarm"))


def test_every_code_that_a_dead_letter_can_have_is_explained() -> None:
    rejected = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Rejected) and kind is not Rejected
    }
    rows = OPERATIONS.partition("## Dead letters")[2].partition("\n### ")[0].splitlines()
    explained = {
        code for row in rows for code in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }

    assert explained - {"ErrorCode"} == rejected


def test_it_asks_for_outputs_and_resources_that_there_are(source: Mapping[str, Any]) -> None:
    assert set(re.findall(r"\$\(output (\w+)\)", OPERATIONS)) <= source["Outputs"].keys()
    assert set(re.findall(r"\$\(id_of (\w+)\)", OPERATIONS)) <= source["Resources"].keys()


def test_its_commands_and_their_options_exist() -> None:
    session = botocore.session.get_session()
    found = list(commands())

    assert len(found) >= 15
    for _, service, name, *words in found:
        model = session.get_service_model(service)
        operations = {xform_name(operation, "-"): operation for operation in model.operation_names}
        shape = model.operation_model(operations[name]).input_shape
        taken = {xform_name(member, "-") for member in shape.members} if shape else set()
        given = {word[2:].removeprefix("no-") for word in words if word.startswith("--")}
        assert given <= taken | OF_THE_CLI, f"aws {service} {name}"


def test_a_redrive_names_where_to() -> None:
    redrives = [words for words in commands() if "start-message-move-task" in words]

    assert redrives
    assert all("--destination-arn" in words for words in redrives)
