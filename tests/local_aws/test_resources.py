import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.moto_server import MotoServer
from local.aws.names import arn
from local.aws.resources import Resources
from local.aws.template import load_template


@pytest.fixture(scope="module")
def resources(toy_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    template = load_template(toy_template, {"MakesArchive": "true"})
    with MotoServer(tmp_path_factory.mktemp("moto") / "moto.log") as server:
        yield Resources(template, server.url, {"OrderSecret": "the value"})


def test_every_declared_queue_is_made_with_its_attributes(resources: Resources) -> None:
    names = {url.rpartition("/")[2] for url in resources.sqs.list_queues()["QueueUrls"]}
    url = resources.attribute_of("OrderQueue", "Ref")
    attributes = resources.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert names == {"OrderQueue", "OrderDeadLetterQueue", "PlainQueue", "ArchiveQueue"}
    assert (attributes["VisibilityTimeout"], attributes["MessageRetentionPeriod"]) == ("120", "1209600")
    assert attributes["QueueArn"] == resources.attribute_of("OrderQueue", "Arn")
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": resources.attribute_of("OrderDeadLetterQueue", "Arn"),
        "maxReceiveCount": 2,
    }


def test_a_table_has_the_declared_key_and_time_to_live(resources: Resources) -> None:
    name = resources.attribute_of("OrderTable", "Ref")

    table = resources.dynamodb.describe_table(TableName=name)["Table"]
    time_to_live = resources.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]

    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TableArn"] == resources.attribute_of("OrderTable", "Arn")
    assert time_to_live == {"AttributeName": "expiration", "TimeToLiveStatus": "ENABLED"}


def test_secret_has_the_value_that_is_given_or_is_empty_as_in_a_new_stack(resources: Resources) -> None:
    given, empty = (resources.attribute_of(name, "Ref") for name in ("OrderSecret", "EmptySecret"))
    client = resources.secrets_manager

    assert client.get_secret_value(SecretId=given)["SecretString"] == "the value"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId=empty)


@pytest.mark.parametrize(
    ("logical_id", "attribute", "value"),
    [
        ("OrderBucket", "Ref", "orderbucket"),
        ("OrderBucket", "Arn", "arn:aws:s3:::orderbucket"),
        ("OrderTopic", "TopicName", "OrderTopic"),
        ("OrderStateMachine", "Ref", arn("states", "stateMachine:OrderStateMachine")),
        ("ConsumeAlias", "Ref", arn("lambda", "function:ConsumeFunction:plain")),
    ],
)
def test_reference_is_a_name_or_an_arn(
    resources: Resources, logical_id: str, attribute: str, value: str
) -> None:
    assert resources.attribute_of(logical_id, attribute) == value


def test_bucket_has_the_declared_versioning(resources: Resources) -> None:
    assert resources.s3.get_bucket_versioning(Bucket="orderbucket")["Status"] == "Enabled"


def test_a_topic_can_be_published_to(resources: Resources) -> None:
    topic = resources.attribute_of("OrderTopic", "Ref")

    assert resources.sns.publish(TopicArn=topic, Message="hello")["MessageId"]


@pytest.mark.parametrize(
    ("logical_id", "attribute", "named"),
    [
        ("Nothing", "Ref", "Nothing is not declared"),
        ("OrderRole", "Arn", "AWS::IAM::Role"),
        ("OrderQueue", "Colour", "Colour"),
    ],
)
def test_unknown_reference_is_named(
    resources: Resources, logical_id: str, attribute: str, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        resources.attribute_of(logical_id, attribute)
