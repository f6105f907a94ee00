"""docs/deployment.md is about the resources and parameters that there are."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.template.conftest import Declared

ROOT = Path(__file__).parents[2]
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text()
COSTS = DEPLOYMENT.partition("## What an idle stack costs")[2].partition("\n## ")[0]


def kind_of(alarm: Any) -> str:
    if "MetricName" in alarm:
        return "on one metric each"
    return "on three metrics each" if len(alarm["Metrics"]) == 4 else "on a Metrics Insights query"


def test_every_resource_that_costs_while_it_is_idle_is_counted(declared: Declared) -> None:
    counted = {
        kind: int(number) for number, kind in re.findall(r"^\| (\d+) alarms (on [^,|]*?)[,|]", COSTS, re.M)
    }
    others = {
        kind: int(number)
        for number, kind in re.findall(r"^\| (\d+) (dashboard|KMS key|secret|queues)\b", COSTS, re.M)
    }

    assert {kind.strip(): number for kind, number in counted.items()} == Counter(
        map(kind_of, declared.of_type("AWS::CloudWatch::Alarm").values())
    )
    assert others == {
        "dashboard": len(declared.of_type("AWS::CloudWatch::Dashboard")),
        "KMS key": len(declared.of_type("AWS::KMS::Key")),
        "secret": len(declared.of_type("AWS::SecretsManager::Secret")),
        "queues": len(declared.of_type("AWS::Lambda::EventSourceMapping")),
    }


def test_the_costs_add_up_to_what_is_said() -> None:
    costs = [float(amount) for amount in re.findall(r"\| \$([\d.]+) \|$", COSTS, re.M)]

    assert re.search(r"costs about \$8 a month", COSTS)
    assert 7.5 <= sum(costs) < 8.5


def test_all_that_remains_of_a_deleted_stack_is_named(declared: Declared) -> None:
    remaining = set(re.findall(r"^\| `(\w+)` \|", DEPLOYMENT.partition("## Deleting a stack")[2], re.M))

    # The policy of a bucket stays with it.
    assert remaining == {name for name in declared.retained() if not name.endswith("Policy")}


def test_it_names_parameters_and_resources_that_there_are(source: Mapping[str, Any]) -> None:
    commands = re.findall(r"sam remote invoke (\w+)|--name (\w+)|--logical-resource-id (\w+)", DEPLOYMENT)
    parameters = set(re.findall(r"`((?:Alarm|Backup|Ledger|List|Permissions)\w+?)(?:=\w+)?`", DEPLOYMENT))

    assert {name for names in commands for name in names if name} <= source["Resources"].keys()
    assert parameters <= source["Parameters"].keys() | source["Resources"].keys()
