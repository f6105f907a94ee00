import json
from typing import Any

import pytest

from local.aws.stack import EmbeddedStack
from local.aws.state_machines import Execution


class Lists:
    """Runs a Distributed Map over a list in the bucket."""

    def __init__(self, stack: EmbeddedStack, name: str) -> None:
        self._stack = stack
        self.key = name
        self.bucket = stack.ref("OrderBucket")

    def write(self, content: str) -> None:
        self._stack.s3.put_object(Bucket=self.bucket, Key=self.key, Body=content.encode())

    def json_lines(self, **config: Any) -> dict[str, Any]:
        """The fields of a Map state that reads JSON Lines."""
        return {
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSONL", **config},
                "Parameters": {"Bucket": self.bucket, "Key": self.key},
            }
        }

    def run(self, child: dict[str, Any], **fields: Any) -> Execution:
        """`child` is the only state of each child; `fields` are of the Map state."""
        definition = {
            "StartAt": "Map",
            "States": {
                "Map": {
                    "Type": "Map",
                    "Label": "Orders",
                    "ItemReader": {
                        "Resource": "arn:aws:states:::s3:getObject",
                        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
                        "Parameters": {"Bucket": self.bucket, "Key": self.key},
                    },
                    "MaxConcurrency": 2,
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "Child",
                        "States": {"Child": child},
                    },
                    "End": True,
                    **fields,
                },
                "Caught": {"Type": "Pass", "Parameters": {"caught.$": "$.Error"}, "End": True},
            },
        }
        machine = self._stack.step_functions.create_state_machine(
            name=self.key, definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/test"
        )
        started = self._stack.step_functions.start_execution(
            stateMachineArn=machine["stateMachineArn"],
            name=f"run-of-{self.key}",
            input=json.dumps({"folder": "monday", "tolerated": 50, "size": 2}),
        )
        return self._stack.wait_for_execution(started["executionArn"])


@pytest.fixture
def lists(stack: EmbeddedStack, request: pytest.FixtureRequest) -> Lists:
    return Lists(stack, request.node.name.replace("[", "-").replace("]", "")[-60:])


ECHO = {"Type": "Pass", "End": True}
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "DirectFunction", "Payload": {"do.$": "$.do", "text": ""}},
    "End": True,
}
CATCH_ALL = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]}


def test_each_row_of_a_csv_list_is_an_item(lists: Lists) -> None:
    lists.write('id,name\n1,a\n2,"b, c"\n')

    assert lists.run(ECHO).output == [{"id": "1", "name": "a"}, {"id": "2", "name": "b, c"}]


def test_items_are_selected(lists: Lists) -> None:
    lists.write("id,name\n1,a\n2,b\n")
    selector = {"id.$": "$$.Map.Item.Value.id", "index.$": "$$.Map.Item.Index", "folder.$": "$.folder"}

    output = lists.run(ECHO, ItemSelector=selector | {"run.$": "$$.Execution.Name"}).output

    assert output[0].pop("run") == output[1].pop("run") == f"run-of-{lists.key}"
    assert output == [
        {"id": "1", "index": 0, "folder": "monday"},
        {"id": "2", "index": 1, "folder": "monday"},
    ]


def test_a_list_with_a_header_alone_has_no_items(lists: Lists) -> None:
    lists.write("id,name\n")

    assert lists.run(ECHO).output == []


@pytest.mark.parametrize("end", ["", "\n"], ids=["open", "ended"])
@pytest.mark.parametrize("config", [{}, {"MaxItems": 2}])
def test_each_line_of_json_is_an_item(lists: Lists, end: str, config: dict[str, Any]) -> None:
    lists.write('{"id": 1}\n{"id": 2, "name": "a\u2028b"}\n{"id": 3}' + end)

    output = lists.run(ECHO, **lists.json_lines(**config)).output

    assert [item["id"] for item in output] == [1, 2, 3][: config.get("MaxItems")]


@pytest.mark.parametrize(
    "content",
    ["", "\n", '{"id": 1}\n\n{"id": 2}\n', '{"id": 1}\n{"id"', json.dumps({"id": "x" * 256 * 1024})],
    ids=["empty", "empty-line", "empty-line-within", "cut", "too-large"],
)
def test_lines_that_are_no_items_fail_the_map(lists: Lists, content: str) -> None:
    lists.write(content)

    ended = lists.run(ECHO, **lists.json_lines(), **CATCH_ALL)

    assert ended.output == {"caught": "States.ItemReaderFailed"}


def test_each_child_is_an_execution_of_its_own(lists: Lists) -> None:
    lists.write("id\n1\n2\n")
    context = {
        "name.$": "$$.Execution.Name",
        "id.$": "$$.Execution.Id",
        "input.$": "$$.Execution.Input",
        "started.$": "$$.Execution.StartTime",
    }

    ended = lists.run({"Type": "Pass", "Parameters": context, "End": True})

    first, second = ended.output
    assert len({first["name"], second["name"], ended.arn.rpartition(":")[2]}) == 3
    assert first["id"].endswith(f"/Orders:{first['name']}")
    assert ":execution:" in first["id"]
    assert (first["input"], second["input"]) == ({"id": "1"}, {"id": "2"})
    assert first["started"].endswith("Z")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "States.ItemReaderFailed"),
        ("do\necho\nraise\necho\necho\n", "States.ExceedToleratedFailureThreshold"),
    ],
    ids=["missing-list", "failing-child"],
)
def test_missing_list_or_failing_child_fails_the_map(lists: Lists, content: str | None, error: str) -> None:
    if content:
        lists.write(content)

    assert lists.run(INVOKE, **CATCH_ALL).output == {"caught": error}


@pytest.mark.parametrize(
    "tolerance",
    [
        {"ToleratedFailurePercentage": 50},
        {"ToleratedFailurePercentagePath": "$.tolerated"},
        {"ToleratedFailureCount": 2},
    ],
)
@pytest.mark.parametrize(("failing", "tolerated"), [(2, True), (3, False)])
def test_failures_are_tolerated_up_to_the_threshold(
    lists: Lists, tolerance: dict[str, Any], failing: int, tolerated: bool
) -> None:
    lists.write("do\n" + "raise\n" * failing + "echo\n" * (4 - failing))

    ended = lists.run(INVOKE, **tolerance)

    assert ended.status == ("SUCCEEDED" if tolerated else "FAILED")


def test_the_result_writer_says_where_the_results_are(stack: EmbeddedStack, lists: Lists) -> None:
    lists.write("id\n1\n")
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": lists.bucket, "Prefix": "results/map"},
    }

    output = lists.run(ECHO, ResultWriter=writer).output

    written = stack.s3.get_object(**{k: output["ResultWriterDetails"][k] for k in ("Bucket", "Key")})["Body"]
    with written:
        assert json.load(written)["MapRunArn"] == output["MapRunArn"]
