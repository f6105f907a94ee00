"""What programs and the AWS CLI find at the stack's endpoint beside the resources themselves."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws.account import REGION, STACK_NAME, arn
from local.aws.moto_description import StackDescription
from local.aws.stack import EmbeddedStack

MakeClient = Callable[[str], Any]


@pytest.fixture
def client(stack: EmbeddedStack) -> MakeClient:
    session = boto3.Session("local", "local", region_name=REGION)
    return lambda service: session.client(
        service, endpoint_url=stack.moto.url, config=Config(proxies={}, retries={"total_max_attempts": 1})
    )


def test_cloudformation_has_the_outputs_whose_condition_holds(
    client: MakeClient, stack: EmbeddedStack
) -> None:
    (described,) = client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]

    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert described["Outputs"] == [
        {
            "OutputKey": "OrderQueueUrl",
            "OutputValue": stack.ref("OrderQueue"),
            "Description": "Where orders go.",
        },
        {"OutputKey": "ShowBatchSize", "OutputValue": "10"},
    ]
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in described["Parameters"]}
    assert parameters["BatchSize"] == "10"
    assert "AWS::Region" not in parameters


def test_cloudformation_has_the_physical_ids_of_what_is_made(
    client: MakeClient, stack: EmbeddedStack
) -> None:
    resources = client("cloudformation").describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    made = {
        resource["LogicalResourceId"]: (resource["ResourceType"], resource["PhysicalResourceId"])
        for resource in resources
    }

    assert made["OrderQueue"] == ("AWS::SQS::Queue", stack.ref("OrderQueue"))
    assert made["OrderBucket"] == ("AWS::S3::Bucket", "orderbucket")
    assert made["DirectFunction"] == ("AWS::Lambda::Function", "DirectFunction")
    assert made["DirectFunctionLogGroup"] == ("AWS::Logs::LogGroup", "DirectFunctionLogGroup")
    assert made.keys().isdisjoint({"ArchiveQueue", "OrderRole", "OrderStateMachineLogGroup"})
    summaries = client("cloudformation").list_stack_resources(StackName=STACK_NAME)["StackResourceSummaries"]
    assert made == {
        resource["LogicalResourceId"]: (resource["ResourceType"], resource["PhysicalResourceId"])
        for resource in summaries
    }


def test_a_resource_is_described_alone(client: MakeClient) -> None:
    cloudformation = client("cloudformation")

    resource = cloudformation.describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="OrderStateMachine"
    )

    assert resource["StackResourceDetail"]["PhysicalResourceId"] == arn(
        "states", "stateMachine:OrderStateMachine"
    )
    (listed,) = cloudformation.describe_stack_resources(
        StackName=STACK_NAME, LogicalResourceId="OrderStateMachine"
    )["StackResources"]
    assert listed["PhysicalResourceId"] == resource["StackResourceDetail"]["PhysicalResourceId"]
    with pytest.raises(ClientError, match="OrderRole does not exist"):
        cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="OrderRole")


def test_the_stack_does_not_exist_before_it_is_complete() -> None:
    app = StackDescription().create_app("cloudformation")

    response = app.test_client().post(
        "/", data={"Action": "DescribeStacks", "StackName": STACK_NAME, "Version": "2010-05-15"}
    )

    assert response.status_code == 400
    assert f"Stack with id {STACK_NAME} does not exist" in response.text


def test_another_stack_does_not_exist(client: MakeClient) -> None:
    with pytest.raises(ClientError, match="Stack with id another does not exist") as error:
        client("cloudformation").describe_stacks(StackName="another")

    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("function", "group"),
    [("DirectFunction", "DirectFunctionLogGroup"), ("ConsumeFunction", "/aws/lambda/ConsumeFunction")],
)
def test_each_function_has_a_log_group(client: MakeClient, function: str, group: str) -> None:
    groups = client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]

    assert [found["logGroupName"] for found in groups] == [group]


def test_what_a_function_prints_is_found_by_a_phrase(client: MakeClient, stack: EmbeddedStack) -> None:
    phrase = f"order {uuid.uuid4()}"
    stack.invoke("DirectFunction", {"do": "print", "text": f"the {phrase} came"})
    stack.invoke("DirectFunction", {"do": "print", "text": "another came"})

    found = client("logs").filter_log_events(
        logGroupName="DirectFunctionLogGroup", filterPattern=f'"{phrase}"'
    )["events"]

    assert [event["message"] for event in found] == [f"the {phrase} came"] * 2


def test_a_line_has_the_time_that_it_says_or_that_of_the_line_before(
    client: MakeClient, stack: EmbeddedStack
) -> None:
    noon = 1_795_262_400_000
    name = str(uuid.uuid4())
    for line in (
        f'{{"message":"{name}","timestamp":"2026-11-21 12:00:00,123+0000"}}',
        f"{name} without",
        f'{{"_aws":{{"Timestamp":{noon + 456}}},"name":"{name}"}}',
    ):
        stack.invoke("DirectFunction", {"do": "print", "text": line})

    found = client("logs").filter_log_events(
        logGroupName="DirectFunctionLogGroup", filterPattern=f'"{name}"', startTime=noon, endTime=noon + 999
    )["events"]

    # Twice each: on standard output, and on standard error.
    assert [event["timestamp"] - noon for event in found] == [123] * 4 + [456] * 2


def test_a_log_is_read_page_by_page(client: MakeClient, stack: EmbeddedStack) -> None:
    name = str(uuid.uuid4())
    for number in range(3):
        stack.invoke("DirectFunction", {"do": "print", "text": f"{name} {number}"})

    pages = (
        client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName="DirectFunctionLogGroup", filterPattern=f'"{name}"', PaginationConfig={"PageSize": 4}
        )
    )

    assert [[event["message"][-1] for event in page["events"]] for page in pages] == [
        list("0011"),
        list("22"),
    ]


def test_lambda_is_reached_through_the_same_endpoint(client: MakeClient) -> None:
    answer = client("lambda").invoke(
        FunctionName=f"{arn('lambda', 'function:DirectFunction')}:$LATEST",
        Payload='{"do": "raise", "text": "nothing there"}',
    )

    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "LookupError"


@pytest.fixture
def mapping_id(client: MakeClient, stack: EmbeddedStack) -> Iterator[str]:
    """Of the mapping from OrderQueue to ConsumeFunction, which is enabled again afterwards."""
    (mapping,) = client("lambda").list_event_source_mappings(
        FunctionName="ConsumeFunction", EventSourceArn=arn("sqs", "OrderQueue")
    )["EventSourceMappings"]
    yield mapping["UUID"]
    stack.event_source_mappings["OrderQueue"].enable()


def test_event_source_mappings_are_listed_by_function_or_queue(client: MakeClient) -> None:
    def queues(**query: str) -> set[str]:
        found = client("lambda").list_event_source_mappings(**query)["EventSourceMappings"]
        return {mapping["EventSourceArn"].rpartition(":")[2] for mapping in found}

    assert queues() == {"OrderQueue", "PlainQueue"}
    assert queues(FunctionName=arn("lambda", "function:ConsumeFunction")) == {"OrderQueue", "PlainQueue"}
    assert queues(EventSourceArn=arn("sqs", "PlainQueue")) == {"PlainQueue"}
    assert queues(FunctionName="DirectFunction") == set()


def test_an_event_source_mapping_says_what_its_template_says(client: MakeClient, mapping_id: str) -> None:
    mapping = client("lambda").get_event_source_mapping(UUID=mapping_id)

    assert mapping["FunctionArn"] == arn("lambda", "function:ConsumeFunction")
    assert mapping["BatchSize"] == 10
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["State"] == "Enabled"


def test_a_disabled_event_source_mapping_leaves_messages_until_it_is_enabled(
    client: MakeClient, stack: EmbeddedStack, mapping_id: str
) -> None:
    api = client("lambda")

    disabled = api.update_event_source_mapping(UUID=mapping_id, Enabled=False)
    stack.send("OrderQueue", ['{"order": "waits for Lambda"}'])
    waiting = stack.queue_counts()["OrderQueue"].visible
    enabled = api.update_event_source_mapping(UUID=mapping_id, Enabled=True)
    stack.wait_until_idle()

    assert (disabled["State"], waiting, enabled["State"]) == ("Disabled", 1, "Enabled")


def test_another_change_of_an_event_source_mapping_is_not_implemented(
    client: MakeClient, mapping_id: str
) -> None:
    with pytest.raises(ClientError, match="not implemented on this machine: a change of BatchSize"):
        client("lambda").update_event_source_mapping(UUID=mapping_id, BatchSize=1)


def test_an_event_source_mapping_that_is_not_there_is_not_found(client: MakeClient) -> None:
    api = client("lambda")

    with pytest.raises(api.exceptions.ResourceNotFoundException):
        api.get_event_source_mapping(UUID=str(uuid.uuid4()))
