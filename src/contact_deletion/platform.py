"""Settings, AWS clients, clocks, and the parts that a function is made from."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import boto3
import requests
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from botocore.config import Config

from contact_deletion.deadline import Clock, Sleep
from contact_deletion.ledger.layer import Layers
from contact_deletion.reply.queue import QueueReply
from contact_deletion.sendgrid.api_key import ApiKey
from contact_deletion.sendgrid.client import SendGridClient, new_session
from contact_deletion.settings import Settings
from contact_deletion.telemetry import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

AWS_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
)
"""Fails within the time that an invocation keeps back for settling."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What one function is put together from."""

    settings: Settings
    client: SendGridClient
    ledger_layers: Layers
    queue_reply: QueueReply
    telemetry: Telemetry
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What the functions stand on. Tests replace what they need to."""

    settings: Settings
    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    secrets_manager: "SecretsManagerClient"
    session: requests.Session
    clock: Clock = time.time
    sleep: Sleep = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    log_stream: IO[str] | None = None

    @classmethod
    def of_lambda(cls) -> "Platform":
        """The real one. Raises InvalidSetting."""
        settings = Settings.from_environ(os.environ)
        aws = boto3.session.Session()
        return cls(
            settings=settings,
            dynamodb=aws.client("dynamodb", config=AWS_CONFIG),
            sqs=aws.client("sqs", config=AWS_CONFIG),
            secrets_manager=aws.client("secretsmanager", config=AWS_CONFIG),
            session=new_session(),
        )

    def parts(self, operation: str) -> Parts:
        """What the function of this operation works with."""
        settings = self.settings
        telemetry = Telemetry(
            operation, service=settings.service, namespace=settings.metrics_namespace, stream=self.log_stream
        )
        client = SendGridClient(
            base_url=settings.sendgrid_base_url,
            api_key=ApiKey(SecretsProvider(boto3_client=self.secrets_manager), settings.api_key_secret_id),
            on_behalf_of=settings.on_behalf_of,
            session=self.session,
            clock=self.clock,
            sleep=self.sleep,
        )
        return Parts(
            settings=settings,
            client=client,
            ledger_layers=Layers(self.dynamodb, settings.ledger_table, operation, self.sleep),
            queue_reply=QueueReply(self.sqs, settings.dead_letter_queue_url, telemetry, self.jitter),
            telemetry=telemetry,
            clock=self.clock,
        )
