"""A handler that calls AWS."""

from typing import Any

import boto3
from botocore.config import Config


def queue_url(event: Any, _context: Any) -> Any:
    client = boto3.client("sqs", config=Config(read_timeout=0.2), endpoint_url=event["endpoint"])
    return client.get_queue_url(QueueName="orders")["QueueUrl"]
