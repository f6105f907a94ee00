"""Makes the queues, tables, secrets, buckets and topics that a template declares, on a given endpoint."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.aws.names import REGION, arn
from local.aws.template import Template
from local.waiting import STALLED_AFTER_SECONDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
)


class Resources:
    """What the template declares, each under its logical id as its name; a bucket's is in lower case.

    `secret_values` are by logical id; a secret without one stays empty, as in a new stack.
    """

    def __init__(self, template: Template, endpoint_url: str, secret_values: Mapping[str, str]) -> None:
        session = boto3.Session("local", "local", region_name=REGION)  # any credentials do
        client = partial(
            session.client,
            endpoint_url=endpoint_url,
            # moto is on this machine, whatever the environment says of proxies. It may be slow there, and a call
            # that took effect must not be repeated for it.
            config=Config(proxies={}, read_timeout=STALLED_AFTER_SECONDS),
        )
        self.sqs: SQSClient = client("sqs")
        self.dynamodb: DynamoDBClient = client("dynamodb")
        self.secrets_manager: SecretsManagerClient = client("secretsmanager")
        self.s3: S3Client = client("s3")
        self.sns: SNSClient = client("sns")
        self.events: EventBridgeClient = client("events")
        self.step_functions: SFNClient = client("stepfunctions")
        self._template = template
        self._secret_values = secret_values
        self._makers: dict[str, Callable[[str, Any], dict[str, str]]] = {
            "AWS::SQS::Queue": self._make_queue,
            "AWS::DynamoDB::Table": self._make_table,
            "AWS::SecretsManager::Secret": self._make_secret,
            "AWS::S3::Bucket": self._make_bucket,
            "AWS::SNS::Topic": self._make_topic,
        }
        self._attributes: dict[str, dict[str, str]] = {}
        for resource_type in self._makers:
            for logical_id in template.of_type(resource_type):
                self.attribute_of(logical_id, "Ref")

    def attribute_of(self, logical_id: str, name: str) -> str:
        """A resource's Fn::GetAtt value, or its Ref for the name "Ref"; makes the resource on first use.

        Raises ValueError for a resource that is not declared or not made here, and for an unknown attribute.
        """
        if logical_id not in self._template.resources:
            raise ValueError(f"{logical_id} is not declared, or not with these parameters")
        if logical_id not in self._attributes:
            resource_type = self._template.resources[logical_id]["Type"]
            if resource_type == "AWS::Lambda::Function":
                attributes = {"Ref": logical_id, "Arn": arn("lambda", f"function:{logical_id}")}
            elif resource_type == "AWS::Lambda::Alias":
                alias = self.resolve(self._template.resources[logical_id]["Properties"])
                attributes = {"Ref": arn("lambda", f"function:{alias['FunctionName']}:{alias['Name']}")}
            elif resource_type == "AWS::StepFunctions::StateMachine":
                machine_arn = arn("states", f"stateMachine:{logical_id}")
                attributes = {"Ref": machine_arn, "Arn": machine_arn, "Name": logical_id}
            elif resource_type == "AWS::Logs::LogGroup":
                declared = self.resolve(self._template.resources[logical_id].get("Properties", {}))
                group = declared.get("LogGroupName", logical_id)
                attributes = {"Ref": group, "Arn": arn("logs", f"log-group:{group}:*")}
            elif resource_type in self._makers:
                properties = self.resolve(self._template.resources[logical_id].get("Properties", {}))
                attributes = self._makers[resource_type](logical_id, properties)
            else:
                raise ValueError(f"{logical_id}: {resource_type} is not made here")
            self._attributes[logical_id] = attributes
        try:
            return self._attributes[logical_id][name]
        except KeyError:
            raise ValueError(f"{logical_id} has no attribute {name} here") from None

    def resolve(self, value: Any) -> Any:
        """`value`, taken from the template, with its intrinsic functions replaced."""
        return self._template.resolve(value, self.attribute_of)

    def _make_queue(self, name: str, properties: Mapping[str, Any]) -> dict[str, str]:
        attributes = {
            key: _attribute(value) for key, value in properties.items() if key not in ("QueueName", "Tags")
        }
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
        return {"Ref": url, "QueueUrl": url, "QueueName": name, "Arn": arn("sqs", name)}

    def _make_table(self, name: str, properties: Mapping[str, Any]) -> dict[str, str]:
        known = {key: properties[key] for key in _TABLE_PROPERTIES if key in properties}
        self.dynamodb.create_table(TableName=name, **known)
        if time_to_live := properties.get("TimeToLiveSpecification"):
            self.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)
        return {"Ref": name, "Arn": arn("dynamodb", f"table/{name}")}

    def _make_secret(self, name: str, _properties: Mapping[str, Any]) -> dict[str, str]:
        secret_arn = self.secrets_manager.create_secret(Name=name)["ARN"]
        if name in self._secret_values:
            self.secrets_manager.put_secret_value(SecretId=name, SecretString=self._secret_values[name])
        return {"Ref": secret_arn, "Id": secret_arn}

    def _make_bucket(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, str]:
        name = logical_id.lower()
        self.s3.create_bucket(Bucket=name)
        if versioning := properties.get("VersioningConfiguration"):
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
        return {"Ref": name, "Arn": f"arn:aws:s3:::{name}"}

    def _make_topic(self, name: str, _properties: Mapping[str, Any]) -> dict[str, str]:
        topic_arn = self.sns.create_topic(Name=name)["TopicArn"]
        return {"Ref": topic_arn, "TopicArn": topic_arn, "TopicName": name}


def _attribute(value: Any) -> str:
    """A property of a queue as SQS takes its attributes: text, or JSON."""
    return value if isinstance(value, str) else json.dumps(value)
