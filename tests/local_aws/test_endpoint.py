"""What programs and the AWS CLI find at the stack's endpoint beside the resources themselves."""

import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws.moto_description import StackDescription
from local.aws.names import REGION, STACK_NAME, arn
from local.aws.stack import EmbeddedStack

MakeClient = Callable[[str], Any]


@pytest.fixture
def client(stack: EmbeddedStack) -> MakeClient:
    session = boto3.Session("local", "local", region_name=REGION)
    return lambda service: session.client(
        service, endpoint_url=stack.moto.url, config=Config(proxies={}, retries={"total_max_attempts": 1})
    )


def test_stack_has_the_outputs_whose_condition_holds(client: MakeClient, stack: EmbeddedStack) -> None:
    (described,) = client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    queue_url = {"OutputKey": "OrderQueueUrl", "OutputValue": stack.ref("OrderQueue")}

    assert described["StackStatus"] == "CREATE_COMPLETE"
    assert described["Outputs"] == [
        queue_url | {"Description": "Where orders go."},
        {"OutputKey": "ShowBatchSize", "OutputValue": "10"},
    ]
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in described["Parameters"]}
    assert parameters["BatchSize"] == "10"
    assert "AWS::Region" not in parameters


def test_stack_has_the_physical_ids_of_what_is_made(client: MakeClient, stack: EmbeddedStack) -> None:
    cloudformation = client("cloudformation")
    described = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    listed = cloudformation.list_stack_resources(StackName=STACK_NAME)["StackResourceSummaries"]
    made, summaries = (
        {
            resource["LogicalResourceId"]: (resource["ResourceType"], resource["PhysicalResourceId"])
            for resource in resources
        }
        for resources in (described, listed)
    )

    assert made == summaries
    assert made == made | {
        "OrderQueue": ("AWS::SQS::Queue", stack.ref("OrderQueue")),
        "OrderBucket": ("AWS::S3::Bucket", "orderbucket"),
        "DirectFunction": ("AWS::Lambda::Function", "DirectFunction"),
        "DirectFunctionLogGroup": ("AWS::Logs::LogGroup", "DirectFunctionLogGroup"),
    }
    assert made.keys().isdisjoint({"ArchiveQueue", "OrderRole", "OrderStateMachineLogGroup"})


def test_resource_is_described_alone(client: MakeClient) -> None:
    cloudformation = client("cloudformation")
    machine = {"StackName": STACK_NAME, "LogicalResourceId": "OrderStateMachine"}

    detail = cloudformation.describe_stack_resource(**machine)["StackResourceDetail"]
    (listed,) = cloudformation.describe_stack_resources(**machine)["StackResources"]

    assert detail["PhysicalResourceId"] == arn("states", "stateMachine:OrderStateMachine")
    assert listed["PhysicalResourceId"] == detail["PhysicalResourceId"]
    with pytest.raises(ClientError, match="OrderRole does not exist"):
        cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="OrderRole")


def test_stack_does_not_exist_before_it_is_complete_nor_another(client: MakeClient) -> None:
    query = {"Action": "DescribeStacks", "StackName": STACK_NAME, "Version": "2010-05-15"}
    early = StackDescription().create_app("cloudformation").test_client().post("/", data=query)
    with pytest.raises(ClientError, match="Stack with id another does not exist") as error:
        client("cloudformation").describe_stacks(StackName="another")

    assert early.status_code == error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert f"Stack with id {STACK_NAME} does not exist" in early.text
    assert error.value.response["Error"]["Code"] == "ValidationError"


def logged(client: MakeClient, phrase: str, **options: Any) -> list[Any]:
    """The pages of what DirectFunction logged with this phrase in it."""
    pages = client("logs").get_paginator("filter_log_events")
    return [
        page["events"]
        for page in pages.paginate(
            logGroupName="DirectFunctionLogGroup", filterPattern=f'"{phrase}"', **options
        )
    ]


def test_what_functions_print_is_found_by_a_phrase(client: MakeClient, stack: EmbeddedStack) -> None:
    phrase = f"order {uuid.uuid4()}"
    for text in (f"the {phrase} came", "another came"):
        stack.invoke("DirectFunction", {"do": "print", "text": text})

    [events] = logged(client, phrase)
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/ConsumeFunction")["logGroups"]

    assert [event["message"] for event in events] == [f"the {phrase} came"] * 2
    assert [group["logGroupName"] for group in groups] == ["/aws/lambda/ConsumeFunction"]


def test_line_has_its_own_time_or_that_of_the_line_before(client: MakeClient, stack: EmbeddedStack) -> None:
    noon = 1_795_262_400_000
    name = str(uuid.uuid4())
    for line in (
        f'{{"message":"{name}","timestamp":"2026-11-21 12:00:00,123+0000"}}',
        f"{name} without",
        f'{{"_aws":{{"Timestamp":{noon + 456}}},"name":"{name}"}}',
    ):
        stack.invoke("DirectFunction", {"do": "print", "text": line})

    [events] = logged(client, name, startTime=noon, endTime=noon + 999)

    # Twice each: on standard output, and on standard error.
    assert [event["timestamp"] - noon for event in events] == [123] * 4 + [456] * 2


def test_a_log_is_read_page_by_page(client: MakeClient, stack: EmbeddedStack) -> None:
    name = str(uuid.uuid4())
    for number in range(3):
        stack.invoke("DirectFunction", {"do": "print", "text": f"{name} {number}"})

    pages = logged(client, name, PaginationConfig={"PageSize": 4})

    assert [[event["message"][-1] for event in page] for page in pages] == [list("0011"), list("22")]


@pytest.fixture
def mapping_id(client: MakeClient) -> str:
    """Of the mapping from OrderQueue to ConsumeFunction."""
    (mapping,) = client("lambda").list_event_source_mappings(
        FunctionName="ConsumeFunction", EventSourceArn=arn("sqs", "OrderQueue")
    )["EventSourceMappings"]
    return str(mapping["UUID"])


def test_event_source_mappings_are_listed_by_function_or_queue(client: MakeClient) -> None:
    def queues(**query: str) -> set[str]:
        found = client("lambda").list_event_source_mappings(**query)["EventSourceMappings"]
        return {mapping["EventSourceArn"].rpartition(":")[2] for mapping in found}

    assert queues() == {"OrderQueue", "PlainQueue"}
    assert queues(FunctionName=arn("lambda", "function:ConsumeFunction")) == {"OrderQueue", "PlainQueue"}
    assert queues(EventSourceArn=arn("sqs", "PlainQueue")) == {"PlainQueue"}
    assert queues(FunctionName="DirectFunction") == set()


def test_event_source_mapping_says_what_its_template_says(client: MakeClient, mapping_id: str) -> None:
    mapping = client("lambda").get_event_source_mapping(UUID=mapping_id)

    assert mapping == mapping | {
        "FunctionArn": arn("lambda", "function:ConsumeFunction"),
        "BatchSize": 10,
        "ScalingConfig": {"MaximumConcurrency": 2},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "State": "Enabled",
    }


def test_other_changes_and_mappings_are_refused(client: MakeClient, mapping_id: str) -> None:
    api = client("lambda")
    with pytest.raises(ClientError, match="not implemented on this machine: a change of BatchSize"):
        api.update_event_source_mapping(UUID=mapping_id, BatchSize=1)
    with pytest.raises(api.exceptions.ResourceNotFoundException):
        api.get_event_source_mapping(UUID=str(uuid.uuid4()))
