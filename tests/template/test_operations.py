"""docs/operations.md is about the alarms and outputs that there are, and redrives to where it says."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

from contact_deletion import errors
from contact_deletion.errors import Rejected
from tests.support.documents import DOCS, aws_commands
from tests.template.conftest import Declared

OPERATIONS = (DOCS / "operations.md").read_text()


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


def test_every_metric_that_is_explained_is_on_the_dashboard(source: Mapping[str, Any]) -> None:
    table = OPERATIONS.partition("| metrics | count |")[2].partition("\n\n")[0]
    explained = re.findall(r"`(\w+)`", table)

    dashboard = json.dumps(source["Resources"]["Dashboard"])
    assert explained
    assert [name for name in explained if not re.search(rf"\b{name}\b", dashboard)] == []


def test_it_asks_for_outputs_and_resources_that_there_are(source: Mapping[str, Any]) -> None:
    assert set(re.findall(r"\$\(output (\w+)\)", OPERATIONS)) <= source["Outputs"].keys()
    assert set(re.findall(r"\$\(id_of (\w+)\)", OPERATIONS)) <= source["Resources"].keys()


def test_a_redrive_names_where_to() -> None:
    redrives = [words for words in aws_commands(DOCS / "operations.md") if "start-message-move-task" in words]

    assert redrives
    assert all("--destination-arn" in words for words in redrives)
