"""Settings, AWS clients, clocks, and the parts that a function is made from."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import boto3
import requests
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from botocore.config import Config

from contact_deletion.announcement.announcer import Announcer
from contact_deletion.announcement.event_bus import EventBus
from contact_deletion.announcement.status_messages import StatusMessages
from contact_deletion.announcement.task_tokens import TaskTokens
from contact_deletion.deadline import Clock, Sleep
from contact_deletion.ledger.layer import Layers
from contact_deletion.reply.queue import QueueReply
from contact_deletion.sendgrid.api_key import ApiKey
from contact_deletion.sendgrid.client import SendGridClient
from contact_deletion.sendgrid.transport import new_session
from contact_deletion.settings import AccountSettings, Settings, required
from contact_deletion.telemetry import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

AWS_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
)
"""Fails within the time that an invocation keeps back for settling."""

S3_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
"""Parts of a backup are large, and there is time."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What one function with a queue is put together from."""

    settings: Settings
    client: SendGridClient
    ledger_layers: Layers
    queue_reply: QueueReply
    telemetry: Telemetry
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class AccountPlatform:
    """What a function stands on that only workflows invoke. Tests replace what they need to."""

    settings: AccountSettings
    secrets_manager: "SecretsManagerClient"
    session: requests.Session
    clock: Clock = time.time
    sleep: Sleep = time.sleep
    log_stream: IO[str] | None = None

    @classmethod
    def of_lambda(cls) -> "AccountPlatform":
        """The real one. Raises InvalidSetting."""
        return cls(
            settings=AccountSettings.from_environ(os.environ),
            secrets_manager=_aws_client("secretsmanager"),
            session=new_session(),
        )

    def telemetry(self, operation: str) -> Telemetry:
        return Telemetry(
            operation,
            service=self.settings.service,
            namespace=self.settings.metrics_namespace,
            stream=self.log_stream,
        )

    def client(self) -> SendGridClient:
        return SendGridClient(
            base_url=self.settings.sendgrid_base_url,
            api_key=ApiKey(
                SecretsProvider(boto3_client=self.secrets_manager), self.settings.api_key_secret_id
            ),
            on_behalf_of=self.settings.on_behalf_of,
            session=self.session,
            clock=self.clock,
            sleep=self.sleep,
        )


@dataclass(frozen=True, kw_only=True)
class BucketPlatform(AccountPlatform):
    """The same for a function that keeps things in a bucket."""

    s3: "S3Client"
    bucket: str

    @classmethod
    def of_lambda_with(cls, bucket_variable: str) -> "BucketPlatform":
        """The real one; the environment variable has the bucket's name. Raises InvalidSetting."""
        return cls(
            settings=AccountSettings.from_environ(os.environ),
            secrets_manager=_aws_client("secretsmanager"),
            session=new_session(),
            s3=_aws_client("s3", S3_CONFIG),
            bucket=required(os.environ, bucket_variable),
        )


@dataclass(frozen=True, kw_only=True)
class Platform(AccountPlatform):
    """The same for a function with a queue."""

    settings: Settings
    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    events: "EventBridgeClient"
    step_functions: "SFNClient"
    jitter: Callable[[float, float], float] = random.uniform

    @classmethod
    def of_lambda(cls) -> "Platform":
        """The real one. Raises InvalidSetting."""
        return cls(
            settings=Settings.from_environ(os.environ),
            dynamodb=_aws_client("dynamodb"),
            sqs=_aws_client("sqs"),
            events=_aws_client("events"),
            step_functions=_aws_client("stepfunctions"),
            secrets_manager=_aws_client("secretsmanager"),
            session=new_session(),
        )

    def parts(self, operation: str) -> Parts:
        """What the function of this operation works with."""
        telemetry = self.telemetry(operation)
        return Parts(
            settings=self.settings,
            client=self.client(),
            ledger_layers=Layers(self.dynamodb, self.settings.ledger_table, operation, self.sleep),
            queue_reply=QueueReply(
                self._announcer(operation, telemetry),
                self.sqs,
                self.settings.dead_letter_queue_url,
                telemetry,
                self.jitter,
            ),
            telemetry=telemetry,
            clock=self.clock,
        )

    def _announcer(self, operation: str, telemetry: Telemetry) -> Announcer:
        queue_url = self.settings.deletion_status_queue_url
        return Announcer(
            operation,
            status_messages=StatusMessages(self.sqs, queue_url, operation) if queue_url else None,
            task_tokens=TaskTokens(self.step_functions, telemetry),
            event_bus=EventBus(self.events, self.settings.event_bus_name, self.sleep, self.jitter),
            telemetry=telemetry,
            clock=self.clock,
        )


def _aws_client(service: Any, config: Config = AWS_CONFIG) -> Any:
    return boto3.client(service, config=config)
