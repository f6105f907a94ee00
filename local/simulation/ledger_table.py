"""DynamoDB's table for the ledger, by moto's model of it without the HTTP between."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from moto.dynamodb.exceptions import ConditionalCheckFailed
from moto.dynamodb.models import DynamoDBBackend

from local.aws.names import ACCOUNT_ID, REGION

Item = dict[str, Any]

logging.getLogger("moto").setLevel(logging.WARNING)  # or it logs each step of its parsers

_TABLE = "LedgerTable"
# What moto's model calls the parameters of DynamoDB's API.
_ARGUMENTS = {
    "ConditionExpression": "condition_expression",
    "ExpressionAttributeNames": "expression_attribute_names",
    "ExpressionAttributeValues": "expression_attribute_values",
    "ReturnValuesOnConditionCheckFailure": "return_values_on_condition_check_failure",
    "UpdateExpression": "update_expression",
}


class ConditionalCheckFailedException(ClientError):
    """As botocore raises it."""


@contextmanager
def _errors_of(operation: str) -> Iterator[None]:
    try:
        yield
    except ConditionalCheckFailed as error:
        response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "it failed"}}
        response |= {name: value for name, value in json.loads(error.description).items() if name == "Item"}
        raise ConditionalCheckFailedException(response, operation) from None


def make_ledger(moto: DynamoDBBackend, name: str) -> None:
    """Makes the ledger's table in moto's own model."""
    moto.create_table(
        name,
        schema=[{"AttributeName": "id", "KeyType": "HASH"}],
        attr=[{"AttributeName": "id", "AttributeType": "S"}],
        billing_mode="PAY_PER_REQUEST",
        tags=[],
        **dict.fromkeys(["throughput", "global_indexes", "indexes", "streams", "sse_specification"]),
        **dict.fromkeys(["deletion_protection_enabled", "warm_throughput"]),
    )


class Table:
    def __init__(self) -> None:
        self._moto = DynamoDBBackend(REGION, ACCOUNT_ID)
        make_ledger(self._moto, _TABLE)

    @property
    def items(self) -> dict[str, Item]:
        """By id."""
        found = self._moto.get_table(_TABLE).all_items()
        return {item.hash_key.value: item.to_json()["Attributes"] for item in found}

    def get(self, key: Item) -> Item | None:
        item = self._moto.get_item(_TABLE, key)
        return item.to_json()["Attributes"] if item else None

    def put(self, item: Item, condition: Mapping[str, Any] | None = None) -> Item:
        with _errors_of("PutItem"):
            self._moto.put_item(_TABLE, item, **_arguments(condition or {}))
        return {}

    def update(self, key: Item, changes: Mapping[str, Any]) -> Item:
        with _errors_of("UpdateItem"):
            item = self._moto.update_item(_TABLE, key, **_arguments(changes))
        return {"Attributes": item.to_json()["Attributes"]}

    def delete(self, key: Item, condition: Mapping[str, Any]) -> Item:
        with _errors_of("DeleteItem"):
            self._moto.delete_item(_TABLE, key, **_arguments(condition))
        return {}

    def is_completed(self, key: str, until: float) -> bool:
        item = self.get({"id": {"S": key}})
        return (
            item is not None and item["status"]["S"] == "COMPLETED" and int(item["expiration"]["N"]) > until
        )


def _arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    return {_ARGUMENTS[name]: value for name, value in given.items() if name != "ReturnValues"}
