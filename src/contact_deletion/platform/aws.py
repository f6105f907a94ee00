"""AWS's clients, each made when it is first needed."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

AwsClients = Callable[[str], Any]
"""Makes the client of a service, by boto3's name for it."""

CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
    parameter_validation=False,
)
"""Fails within the time that an invocation keeps back for settling. What is sent is made here and held by the tests,
whose clients do validate it: that takes a third of the CPU time of the ledger's calls.
"""

S3_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5})
"""Parts of a backup are large, and there is time."""


def aws_client(service: Any) -> Any:
    """The real one."""
    return boto3.client(service, config=S3_CONFIG if service == "s3" else CONFIG)
