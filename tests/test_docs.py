"""What the documents show is what the code takes and returns."""

import inspect
import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import jsonschema
import pytest
from botocore import xform_name
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from contact_deletion import errors
from contact_deletion.errors import Deferred, Rejected
from contact_deletion.notifications.event_bus import SOURCE
from contact_deletion.outcomes import Accepted
from contact_deletion.requests import account_deletion, bulk_deletion, identifier_removal, status_check
from contact_deletion.responses import direct
from local.aws.template import load_template
from tests.support.documents import DOCS, DOCUMENTS, ROOT, anchors, aws_commands, code, json_blocks, prose

SCHEMA = json.loads((DOCS / "outcome-event.schema.json").read_text())
OPTIONS_OF_EVERY_AWS_COMMAND = {"query", "output", "region"}
MAKEFILE = (ROOT / "Makefile").read_text()

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def values(tree: Any, key: str) -> list[Any]:
    """What stands under this key anywhere in the tree."""
    if isinstance(tree, list):
        return [found for branch in tree for found in values(branch, key)]
    if not isinstance(tree, dict):
        return []
    own = [tree[key]] if key in tree else []
    return own + [found for branch in tree.values() for found in values(branch, key)]


def test_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_event_that_is_shown_is_valid() -> None:
    event, rule = json_blocks(DOCS / "events.md")

    jsonschema.validate(event, SCHEMA)
    assert event["source"] == SOURCE
    assert rule["source"] == [SOURCE]
    assert set(rule["detail-type"]) <= set(SCHEMA["properties"]["detail-type"]["enum"])


def test_requests_that_are_shown_are_valid() -> None:
    bulk, by_identifier, everything, identifier, status, _ = json_blocks(DOCS / "requests.md")
    erasure, again = json_blocks(DOCS / "erasure.md")

    assert len(bulk_deletion.parse(bulk).contact_ids) == 2
    for request in (by_identifier, erasure, json.loads(again["Input"])):
        assert bulk_deletion.parse(request).identifiers
    assert account_deletion.parse(everything).max_contacts == 25_000
    assert identifier_removal.parse(identifier).identifier_type == "EMAIL"
    assert len(status_check.parse(status).job_ids) == 1


def test_response_that_is_shown_is_what_a_direct_invocation_returns() -> None:
    shown = json_blocks(DOCS / "requests.md")[-1]

    assert shown == direct.direct_response(Accepted(tuple(shown["job_ids"]), 2), "purge-2026-11")


def test_every_code_is_explained() -> None:
    codes = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Rejected | Deferred) and kind not in (Rejected, Deferred)
    }
    explained = re.findall(
        r"^\| `(\w+)` \| .* \| (?:rejected|deferred)", (DOCS / "requests.md").read_text(), re.MULTILINE
    )

    assert sorted(explained) == sorted(codes)


def test_every_parameter_is_explained() -> None:
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "configuration.md").read_text(), re.MULTILINE)

    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(yaml_parse((ROOT / "template.yaml").read_text())["Parameters"])


def test_direct_task_waits_longer_than_the_function_runs() -> None:
    function = load_template(ROOT / "template.yaml").of_type("AWS::Lambda::Function")["BulkDeleteFunction"]
    (direct_task,) = [block for block in json_blocks(DOCS / "workflows.md") if "States" in block]

    assert direct_task["States"]["DeleteContacts"]["TimeoutSeconds"] > function["Timeout"]


def test_workflows_name_codes_that_exist() -> None:
    ours = {name for name, _ in inspect.getmembers(errors, inspect.isclass)}
    named = {
        code
        for block in json_blocks(DOCS / "workflows.md")
        for errors_equal in values(block, "ErrorEquals")
        for code in errors_equal
    }

    assert {code for code in named if "." not in code} <= ours


def test_every_task_that_waits_has_a_timeout() -> None:
    for block in json_blocks(DOCS / "workflows.md"):
        for state in block.get("States", {"": block}).values():
            assert state["Type"] != "Task" or state["TimeoutSeconds"]


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(document)):
        path, _, fragment = target.partition("#")
        if not target.startswith("http"):
            destination = document.parent / path if path else document
            assert destination.exists(), target
            assert not fragment or fragment in anchors(destination), target


@every_document
def test_json_parses(document: Path) -> None:
    assert all(isinstance(block, dict | list) for block in json_blocks(document))


@every_document
def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))

    assert set(re.findall(r"\bmake ([a-z]+)\b", code(document))) <= targets


@every_document
def test_variables_of_make_exist(document: Path) -> None:
    """As in `make stack LOGS=1`; in capitals, and not what the shell or AWS defines."""
    given = re.findall(r"\bmake [a-z]+((?: [A-Z_]+=\S+)+)", code(document))

    names = {name for group in given for name in re.findall(r"([A-Z_]+)=", group)}
    assert [name for name in names if not re.search(rf"\b{name}\b", MAKEFILE)] == []


@every_document
def test_aws_commands_and_their_options_exist(document: Path) -> None:
    """Those of `aws s3` are the AWS CLI's own, and no operations of the API."""
    session = botocore.session.get_session()
    for _, service, name, *words in aws_commands(document):
        if service == "s3":
            assert name in {"cp", "ls", "sync"}
            continue
        model = session.get_service_model(service)
        operations = {xform_name(operation, "-"): operation for operation in model.operation_names}
        shape = model.operation_model(operations[name]).input_shape
        options = {xform_name(member, "-") for member in shape.members} if shape else set()
        given = {word[2:].removeprefix("no-") for word in words if word.startswith("--")}
        assert given <= options | OPTIONS_OF_EVERY_AWS_COMMAND, f"aws {service} {name}"


@every_document
def test_modules_to_run_exist(document: Path) -> None:
    for module in re.findall(r"python -m ((?:local|tests|benchmarks)[\w.]*)", code(document)):
        assert (ROOT / module.replace(".", "/")).is_dir() or (
            ROOT / f"{module.replace('.', '/')}.py"
        ).exists()


@every_document
def test_paths_exist(document: Path) -> None:
    """Those that begin with a folder of the project; a path with a placeholder stands for many."""
    folders = "src|local|tests|benchmarks|docs|events|requirements"
    named = re.findall(rf"(?<![\w/.$-])(?:{folders})/[\w./*-]*\w", code(document))

    assert [path for path in named if not list(ROOT.glob(path))] == []


def test_every_folder_of_tests_has_a_row() -> None:
    tests = ROOT / "tests"
    rows = re.findall(r"^\| \[`(\w+)`\]\(\1\) \|", (tests / "README.md").read_text(), re.MULTILINE)

    folders = {
        path.parent.relative_to(tests).parts[0] for path in tests.rglob("*.py") if path.parent != tests
    }
    assert rows == sorted(folders - {"support"})
