import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.moto_server import MotoServer
from local.aws.resources import Resources
from local.aws.template import load_template


@pytest.fixture(scope="module")
def resources(toy_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resources]:
    template = load_template(toy_template, {"MakesArchive": "true"})
    with MotoServer(tmp_path_factory.mktemp("moto") / "moto.log") as server:
        yield Resources(template, server.url, {"OrderSecret": "the value"})


def test_a_queue_has_the_declared_attributes(resources: Resources) -> None:
    url = resources.attribute_of("OrderQueue", "Ref")

    attributes = resources.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert attributes["VisibilityTimeout"] == "120"
    assert attributes["MessageRetentionPeriod"] == "1209600"
    assert attributes["QueueArn"] == resources.attribute_of("OrderQueue", "Arn")
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": resources.attribute_of("OrderDeadLetterQueue", "Arn"),
        "maxReceiveCount": 2,
    }


def test_every_declared_queue_is_made(resources: Resources) -> None:
    names = {url.rpartition("/")[2] for url in resources.sqs.list_queues()["QueueUrls"]}

    assert names == {"OrderQueue", "OrderDeadLetterQueue", "PlainQueue", "ArchiveQueue"}


def test_a_table_has_the_declared_key_and_time_to_live(resources: Resources) -> None:
    name = resources.attribute_of("OrderTable", "Ref")

    table = resources.dynamodb.describe_table(TableName=name)["Table"]
    time_to_live = resources.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]

    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["TableArn"] == resources.attribute_of("OrderTable", "Arn")
    assert time_to_live == {"AttributeName": "expiration", "TimeToLiveStatus": "ENABLED"}


def test_a_secret_has_the_value_that_the_caller_gives(resources: Resources) -> None:
    arn = resources.attribute_of("OrderSecret", "Ref")

    assert resources.secrets_manager.get_secret_value(SecretId=arn)["SecretString"] == "the value"


def test_a_secret_without_a_value_is_empty_as_in_a_new_stack(resources: Resources) -> None:
    arn = resources.attribute_of("EmptySecret", "Ref")

    with pytest.raises(resources.secrets_manager.exceptions.ResourceNotFoundException):
        resources.secrets_manager.get_secret_value(SecretId=arn)


def test_a_bucket_has_a_name_in_lower_case_and_the_declared_versioning(resources: Resources) -> None:
    name = resources.attribute_of("OrderBucket", "Ref")

    assert name == "orderbucket"
    assert resources.attribute_of("OrderBucket", "Arn") == "arn:aws:s3:::orderbucket"
    assert resources.s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_a_topic_can_be_published_to(resources: Resources) -> None:
    arn = resources.attribute_of("OrderTopic", "Ref")

    assert resources.sns.publish(TopicArn=arn, Message="hello")["MessageId"]
    assert resources.attribute_of("OrderTopic", "TopicName") == "OrderTopic"


def test_a_state_machine_is_referred_to_by_its_arn(resources: Resources) -> None:
    arn = resources.attribute_of("OrderStateMachine", "Ref")

    assert arn == "arn:aws:states:us-east-1:123456789012:stateMachine:OrderStateMachine"


def test_an_alias_is_referred_to_by_its_arn(resources: Resources) -> None:
    arn = resources.attribute_of("ConsumeAlias", "Ref")

    assert arn == "arn:aws:lambda:us-east-1:123456789012:function:ConsumeFunction:plain"


@pytest.mark.parametrize(
    ("logical_id", "attribute", "named"),
    [
        ("Nothing", "Ref", "Nothing is not declared"),
        ("OrderRole", "Arn", "AWS::IAM::Role"),
        ("OrderQueue", "Colour", "Colour"),
    ],
)
def test_what_cannot_be_referred_to_is_named(
    resources: Resources, logical_id: str, attribute: str, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        resources.attribute_of(logical_id, attribute)
