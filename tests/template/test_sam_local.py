"""What `sam local` takes from samconfig.toml beside the template."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.aws.template import TEMPLATE
from local.ports import AWS_PORT, SENDGRID_PORT
from local.stack import sam_local
from tests.template.conftest import Declared
from tests.template.names import BUCKETS, FUNCTIONS, QUEUE_FUNCTIONS, QUEUES


@pytest.fixture(scope="module")
def samconfig() -> Mapping[str, Any]:
    return tomllib.loads((TEMPLATE.parent / "samconfig.toml").read_text())


@pytest.fixture(scope="module")
def overrides(samconfig: Mapping[str, Any]) -> dict[str, Any]:
    """The environment of each function, as both commands get it."""
    (named,) = {
        samconfig["default"][command]["parameters"]["env_vars"]
        for command in ("local_invoke", "local_start_lambda")
    }
    assert TEMPLATE.parent / named == sam_local.FILE
    read: dict[str, Any] = json.loads(sam_local.FILE.read_text())
    return read


def test_overrides_change_only_declared_variables(overrides: dict[str, Any], declared: Declared) -> None:
    """SAM CLI leaves out any other without a word."""
    shared = overrides["Parameters"]

    assert overrides.keys() <= {f"{name}Function" for name in FUNCTIONS} | {"Parameters"}
    for name in FUNCTIONS:
        changed = shared.keys() | overrides.get(f"{name}Function", {}).keys()
        assert changed <= declared.function(name)["Environment"]["Variables"].keys()


def test_rejected_messages_go_to_the_functions_own_dead_letter_queue(overrides: dict[str, Any]) -> None:
    for name in QUEUE_FUNCTIONS:
        queue = overrides[f"{name}Function"]["DEAD_LETTER_QUEUE_URL"].rpartition("/")[2]
        assert queue == f"{name}DeadLetterQueue"
        assert queue in QUEUES


def test_files_go_to_the_embedded_stacks_buckets(overrides: dict[str, Any], declared: Declared) -> None:
    """Which are in lower case there, as S3 demands, where SAM CLI would give the logical id."""
    for name in FUNCTIONS:
        for variable, value in declared.function(name)["Environment"]["Variables"].items():
            if value in {f"{bucket}.Ref" for bucket in BUCKETS}:
                assert overrides[f"{name}Function"][variable] == value.removesuffix(".Ref").lower()


def test_containers_use_the_default_ports_of_the_local_stack(overrides: dict[str, Any]) -> None:
    ports = set(re.findall(r"host\.docker\.internal:(\d+)", str(overrides)))

    assert ports == {str(AWS_PORT), str(SENDGRID_PORT)}


def test_local_stack_on_other_ports_has_a_file_of_its_own(tmp_path: Path) -> None:
    exchanged = sam_local.environment_file(SENDGRID_PORT, AWS_PORT, tmp_path)
    variables = json.loads(exchanged.read_text())

    assert sam_local.environment_file(AWS_PORT, SENDGRID_PORT, tmp_path) == sam_local.FILE
    assert variables["Parameters"]["AWS_ENDPOINT_URL"].endswith(f":{SENDGRID_PORT}")
    assert variables["Parameters"]["SENDGRID_BASE_URL"].endswith(f":{AWS_PORT}")
    assert f":{SENDGRID_PORT}/" in variables["BulkDeleteFunction"]["DEAD_LETTER_QUEUE_URL"]


@pytest.mark.parametrize("environment", ["default", "dev", "prod"])
def test_an_environment_sets_only_parameters_that_exist(
    samconfig: Mapping[str, Any], source: Mapping[str, Any], environment: str
) -> None:
    for command in samconfig[environment].values():
        pairs = command["parameters"].get("parameter_overrides", "").split()
        assert {pair.partition("=")[0] for pair in pairs} <= source["Parameters"].keys()


def test_environments_are_different_stacks(samconfig: Mapping[str, Any]) -> None:
    stacks = {samconfig[e]["deploy"]["parameters"]["stack_name"] for e in ("default", "dev", "prod")}

    assert len(stacks) == 3
