"""What a function stands on that calls SendGrid."""

import os
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self, TypeVar

import requests
from aws_lambda_powertools.utilities.parameters import SecretsProvider

from contact_deletion.deadline import Sleep
from contact_deletion.platform.aws import AwsClients, aws_client
from contact_deletion.platform.function import FunctionPlatform
from contact_deletion.sendgrid.api_key import ApiKey
from contact_deletion.sendgrid.transport import Transport, new_session
from contact_deletion.settings import AccountSettings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

ClientT = TypeVar("ClientT", bound=Transport)


@dataclass(frozen=True, kw_only=True)
class AccountPlatform(FunctionPlatform):
    """Adds AWS clients, and the account, by the API key that Secrets Manager has."""

    settings: AccountSettings
    session: requests.Session
    aws_client: AwsClients = aws_client
    sleep: Sleep = time.sleep

    @classmethod
    def from_environment(cls) -> Self:
        """The real one. Raises InvalidSetting."""
        return cls(settings=AccountSettings.from_environ(os.environ), session=new_session())

    @cached_property
    def secrets_manager(self) -> "SecretsManagerClient":
        client: SecretsManagerClient = self.aws_client("secretsmanager")
        return client

    def client(self, kind: type[ClientT]) -> ClientT:
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
