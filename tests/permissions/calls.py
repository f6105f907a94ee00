"""Which permissions a request to AWS needs, read from the request: its action, resource and condition keys.

Only what the functions and Lambda's poller call is known; anything else needs a permission that no role has.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from local.aws.names import arn
from tests.permissions.policy import Call

_CREDENTIAL = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_LEDGER_KEY = "id"


def needed(method: str, target: str, headers: Mapping[str, str], body: bytes) -> list[Call]:
    """Each has to be allowed for the request to be."""
    found = _CREDENTIAL.search(headers.get("Authorization", ""))
    service = found[1] if found else "unsigned"
    if service == "s3":
        return [_s3(method, target)]
    operation = headers.get("X-Amz-Target", "").rpartition(".")[2]
    given = json.loads(body or b"{}")
    match service:
        case "sqs":
            return [_sqs(operation, given)]
        case "dynamodb":
            return _dynamodb(operation, given)
        case "events" if operation == "PutEvents":
            return [
                Call(
                    "events:PutEvents",
                    arn("events", f"event-bus/{entry.get('EventBusName', 'default')}"),
                    {"events:source": [entry["Source"]]},
                )
                for entry in given["Entries"]
            ]
        case "states":  # of an answer to a task token, the token is all that the request names
            return [Call(f"states:{operation}", "*")]
        case "secretsmanager":
            return [Call(f"secretsmanager:{operation}", given["SecretId"])]
    return [Call(f"{service}:{operation}", "not known here")]


def _sqs(operation: str, given: Mapping[str, Any]) -> Call:
    """The batch of an action needs the permission of the action."""
    queue = given.get("QueueName") or given["QueueUrl"].rpartition("/")[2]
    return Call(f"sqs:{operation.removesuffix('Batch')}", arn("sqs", queue))


def _dynamodb(operation: str, given: Mapping[str, Any]) -> list[Call]:
    """Several tables need the permission on each."""
    if "RequestItems" in given:
        tables = {table: list(_batch_keys(wanted)) for table, wanted in given["RequestItems"].items()}
    else:
        key = given.get("Key") or given.get("Item") or {}
        tables = {given["TableName"]: [key[_LEDGER_KEY]["S"]] if key else []}
    return [
        Call(f"dynamodb:{operation}", arn("dynamodb", f"table/{table}"), {"dynamodb:LeadingKeys": keys})
        for table, keys in tables.items()
    ]


def _batch_keys(wanted: Any) -> Iterable[str]:
    """BatchGetItem has the keys of each table, BatchWriteItem its writes."""
    if isinstance(wanted, dict):
        for key in wanted["Keys"]:
            yield key[_LEDGER_KEY]["S"]
    else:
        for write in wanted:
            ((kind, written),) = write.items()
            yield written["Item" if kind == "PutRequest" else "Key"][_LEDGER_KEY]["S"]


def _s3(method: str, target: str) -> Call:
    """Path-style. What creates, fills or completes an upload in parts needs the permission to put its object."""
    url = urlsplit(target)
    query = parse_qs(url.query, keep_blank_values=True)
    bucket, _, key = unquote(url.path).lstrip("/").partition("/")
    bucket_arn = f"arn:aws:s3:::{bucket}"
    if not key:
        listing = method == "GET" and "list-type" in query
        action = "ListBucket" if listing else "not known here"
        return Call(f"s3:{action}", bucket_arn, {"s3:prefix": query.get("prefix", [""])})
    match method:
        case "GET" | "HEAD":
            action = "GetObjectVersion" if "versionId" in query else "GetObject"
        case "PUT" | "POST":
            action = "PutObject"
        case _:
            action = "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
    return Call(f"s3:{action}", f"{bucket_arn}/{key}")
