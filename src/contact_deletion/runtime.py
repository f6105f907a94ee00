"""What a function runs on: its settings, the clock, and clients that are made on first use."""

import ipaddress
import os
import random
import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from contact_deletion.deadline import Clock, Sleep
from contact_deletion.observability import Telemetry

if TYPE_CHECKING:
    import requests
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

    from contact_deletion.sendgrid.transport import Transport

ClientT = TypeVar("ClientT", bound="Transport")

DEFAULT_BASE_URL = "https://api.sendgrid.com"
DEFAULT_DELETE_ALL_MAX_AGE_SECONDS = 900
DEFAULT_CONSISTENCY_WINDOW_SECONDS = 900
DEFAULT_CALLS_PER_MINUTE = 600

# The environment variables that a kind of function cannot do without.
SENDGRID = ("SENDGRID_API_KEY_SECRET_ID",)
QUEUE = (*SENDGRID, "DEAD_LETTER_QUEUE_URL")
DELETION = (*QUEUE, "LEDGER_TABLE", "DELETION_STATUS_QUEUE_URL")
BACKUP = ("BACKUP_BUCKET",)
CONTACT_LIST = ("CONTACT_LIST_BUCKET",)

# No white space, and nothing that clients understand differently: a backslash, credentials, a query, a fragment.
_PLAIN_URL = re.compile(r"[A-Za-z0-9.:/_~%\[\]-]+")

# Fails within the time that an invocation reserves for its end. Requests are made here and checked by the tests, whose
# clients validate parameters: that takes a third of the CPU time of the ledger's calls. The user agent that botocore
# otherwise makes for each call takes a tenth.
_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
    parameter_validation=False,
    user_agent=f"Boto3/{boto3.__version__}",
)

# Parts of a backup are large, and there is time.
_S3_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})


class InvalidSetting(Exception):
    """An environment variable is missing or unusable; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The environment variables of a function, validated once.

    A variable that the function does not require may be empty. `on_behalf_of` is a subuser's name, or empty;
    `dead_letter_queue_url` is that of the function's own queue. `outcome_events` says of which requests events are
    published: of each, of those that are not completed, or of none. A delete-all request older than
    `delete_all_max_age_seconds` is not sent. SendGrid may show a contact for `consistency_window_seconds` after its
    deletion. `calls_per_minute` is the rate limit by which plans are made.
    """

    service: str
    metrics_namespace: str
    sendgrid_base_url: str = DEFAULT_BASE_URL
    api_key_secret_id: str = ""
    on_behalf_of: str = ""
    ledger_table: str = ""
    dead_letter_queue_url: str = ""
    deletion_status_queue_url: str = ""
    event_bus_name: str = "default"
    outcome_events: str = "each"
    contact_verification: str = "on-error"
    delete_all_enabled: bool = False
    delete_all_max_age_seconds: int = DEFAULT_DELETE_ALL_MAX_AGE_SECONDS
    consistency_window_seconds: int = DEFAULT_CONSISTENCY_WINDOW_SECONDS
    backup_bucket: str = ""
    contact_list_bucket: str = ""
    calls_per_minute: int = DEFAULT_CALLS_PER_MINUTE

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *requires: str) -> Self:
        """`requires` names the variables that must not be empty.

        Raises InvalidSetting, which names the variable and never quotes its value.
        """
        for name in requires:
            if not environ.get(name):
                raise InvalidSetting(f"environment variable {name} is missing or empty")
        return cls(
            service=environ.get("POWERTOOLS_SERVICE_NAME") or "sendgrid-contact-deletion",
            metrics_namespace=environ.get("POWERTOOLS_METRICS_NAMESPACE") or "SendGridContactDeletion",
            sendgrid_base_url=_base_url(environ),
            api_key_secret_id=environ.get("SENDGRID_API_KEY_SECRET_ID", ""),
            on_behalf_of=_matching(
                environ, "SENDGRID_ON_BEHALF_OF", "", r"[!-~]{0,64}", "a subuser's name, or empty"
            ),
            ledger_table=environ.get("LEDGER_TABLE", ""),
            dead_letter_queue_url=environ.get("DEAD_LETTER_QUEUE_URL", ""),
            deletion_status_queue_url=environ.get("DELETION_STATUS_QUEUE_URL", ""),
            event_bus_name=_matching(
                environ, "EVENT_BUS_NAME", "default", r"[A-Za-z0-9._/-]{1,256}", "the name of an event bus"
            ),
            outcome_events=_matching(
                environ, "OUTCOME_EVENTS", "each", "each|failures|none", "'each', 'failures' or 'none'"
            ),
            contact_verification=_matching(
                environ,
                "CONTACT_VERIFICATION",
                "on-error",
                "on-error|always|never",
                "'on-error', 'always' or 'never'",
            ),
            delete_all_enabled=_matching(
                environ, "DELETE_ALL_ENABLED", "false", "true|false", "'true' or 'false'"
            )
            == "true",
            delete_all_max_age_seconds=int(
                _matching(
                    environ,
                    "DELETE_ALL_MAX_AGE_SECONDS",
                    str(DEFAULT_DELETE_ALL_MAX_AGE_SECONDS),
                    "[1-9][0-9]{0,4}",
                    "a whole number of seconds from 1 to 99999",
                )
            ),
            consistency_window_seconds=int(
                _matching(
                    environ,
                    "CONSISTENCY_WINDOW_SECONDS",
                    str(DEFAULT_CONSISTENCY_WINDOW_SECONDS),
                    "[0-9]{1,5}",
                    "a whole number of seconds from 0 to 99999",
                )
            ),
            backup_bucket=environ.get("BACKUP_BUCKET", ""),
            contact_list_bucket=environ.get("CONTACT_LIST_BUCKET", ""),
            calls_per_minute=int(
                _matching(
                    environ,
                    "SENDGRID_CALLS_PER_MINUTE",
                    str(DEFAULT_CALLS_PER_MINUTE),
                    "[1-9][0-9]{0,5}",
                    "a whole number of calls from 1 to 999999",
                )
            ),
        )


def aws_client(service: Any) -> Any:
    """The client of an AWS service, by boto3's name of the service."""
    return boto3.client(service, config=_S3_CONFIG if service == "s3" else _CONFIG)


def _new_session() -> "requests.Session":
    # A function that calls SendGrid has imported this already; the others need not.
    from contact_deletion.sendgrid.transport import new_session

    return new_session()


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The settings of one function, and the clients, clock and threads that it uses. Tests replace what they need to.

    Everything is made on first use and lives as long as the execution environment.
    """

    settings: Settings
    clock: Clock = time.time
    sleep: Sleep = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    aws_client: Callable[[str], Any] = aws_client
    new_session: Callable[[], "requests.Session"] = _new_session
    log_stream: IO[str] | None = None

    @classmethod
    def from_environment(cls, *requires: str) -> Self:
        """Lambda's. Raises InvalidSetting where one of the variables `requires` is missing, or any is unusable."""
        return cls(settings=Settings.from_environ(os.environ, *requires))

    def telemetry(self, operation: str) -> Telemetry:
        return Telemetry(
            operation,
            service=self.settings.service,
            namespace=self.settings.metrics_namespace,
            stream=self.log_stream,
        )

    def client(self, kind: type[ClientT]) -> ClientT:
        """A client for the account of the settings. It reads the API key with its first call."""
        from aws_lambda_powertools.utilities.parameters import SecretsProvider

        from contact_deletion.sendgrid.api_key import ApiKey

        return kind(
            base_url=self.settings.sendgrid_base_url,
            api_key=ApiKey(
                SecretsProvider(boto3_client=self.secrets_manager), self.settings.api_key_secret_id
            ),
            on_behalf_of=self.settings.on_behalf_of,
            session=self.session,
            clock=self.clock,
            sleep=self.sleep,
        )

    @cached_property
    def session(self) -> "requests.Session":
        return self.new_session()

    @cached_property
    def threads(self) -> Executor:
        """For concurrent calls, to SendGrid and to AWS. Each thread holds on to its memory, so they are few."""
        from contact_deletion.sendgrid.rate_limit import MAX_CALLS_AT_ONCE

        return ThreadPoolExecutor(MAX_CALLS_AT_ONCE)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        client: DynamoDBClient = self.aws_client("dynamodb")
        return client

    @cached_property
    def events(self) -> "EventBridgeClient":
        client: EventBridgeClient = self.aws_client("events")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        client: S3Client = self.aws_client("s3")
        return client

    @cached_property
    def secrets_manager(self) -> "SecretsManagerClient":
        client: SecretsManagerClient = self.aws_client("secretsmanager")
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        client: SQSClient = self.aws_client("sqs")
        return client

    @cached_property
    def step_functions(self) -> "SFNClient":
        client: SFNClient = self.aws_client("stepfunctions")
        return client


def _matching(environ: Mapping[str, str], name: str, default: str, pattern: str, expected: str) -> str:
    value = environ.get(name) or default
    if not re.fullmatch(pattern, value):
        raise InvalidSetting(f"environment variable {name} must be {expected}")
    return value


def _base_url(environ: Mapping[str, str]) -> str:
    """The API key goes to this host with every call, so anything but https must stay on a private network."""
    value = environ.get("SENDGRID_BASE_URL") or DEFAULT_BASE_URL
    expected = "environment variable SENDGRID_BASE_URL must be an https URL (or http to a private address)"
    try:
        url = urlsplit(value)
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise InvalidSetting(expected) from None
    secure = url.scheme == "https" or (url.scheme == "http" and _is_private(host))
    if not host or not secure or not _PLAIN_URL.fullmatch(value):
        raise InvalidSetting(expected)
    return value.rstrip("/")


def _is_private(host: str) -> bool:
    """Loopback and private addresses, and the names reserved for them (RFC 6761 `localhost`, ICANN's `.internal`)."""
    if host == "localhost" or host.endswith((".localhost", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
