"""AWS by moto, less what takes most of a call's time and no test looks at."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from moto import mock_aws
from moto.core.utils import camelcase_to_underscores, method_names_from_class

from local.aws.names import REGION

_underscored = cache(camelcase_to_underscores)
_method_names = cache(method_names_from_class)


@cache
def aws_client(service: str) -> Any:
    """Making one takes long; moto takes over whatever client there is, and reads neither signatures nor user agents."""
    config = Config(signature_version=UNSIGNED, user_agent="tests")
    return boto3.session.Session("testing", "testing", region_name=REGION).client(service, config=config)


@contextmanager
def aws() -> Iterator[None]:
    """The clients' calls go to moto while the block runs."""
    with (
        # moto would look at every call of the SendGrid client too.
        patch("moto.core.models.RESPONSES_METHODS", []),
        # Whatever of Powertools is given a client adds a handler to it, and a client serves many tests.
        patch(
            "aws_lambda_powertools.shared.user_agent.register_feature_to_client", lambda client, feature: None
        ),
        # It looks up the same names again for every call and every attribute of a queue.
        patch("moto.core.responses.camelcase_to_underscores", _underscored),
        patch("moto.core.responses.method_names_from_class", _method_names),
        patch("moto.sqs.models.camelcase_to_underscores", _underscored),
        mock_aws(),
    ):
        yield
