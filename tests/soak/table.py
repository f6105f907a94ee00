"""DynamoDB, as far as the ledger uses it. A test holds it to moto."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, Any]


class ConditionalCheckFailedException(ClientError):
    def __init__(self, operation: str, item: Item | None) -> None:
        response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "it failed"}}
        if item is not None:
            response["Item"] = item
        super().__init__(response, operation)


def _is_claimable(item: Item, values: Mapping[str, Any]) -> bool:
    if not item or _number(item["expiration"]) < _number(values[":now"]):
        return True
    return (
        item["status"] == values[":inprogress"]
        and "in_progress_expiration" in item
        and _number(item["in_progress_expiration"]) < _number(values[":now_in_millis"])
    )


def _is_own(item: Item, values: Mapping[str, Any]) -> bool:
    return "claim" in item and item["claim"]["S"] == values[":claim"]["S"]


def _is_own_and_open(item: Item, values: Mapping[str, Any]) -> bool:
    return _is_own(item, values) and item["status"]["S"] == values[":inprogress"]["S"]


def _is_as_known(item: Item, values: Mapping[str, Any]) -> bool:
    if not item or _number(item["expiration"]) < _number(values[":now"]):
        return True
    return bool(item["status"] == values[":inprogress"] and item.get("data") == values[":known"])


_CONDITIONS: dict[str, Callable[[Item, Mapping[str, Any]], bool]] = {
    "attribute_not_exists(#id) OR #expiry < :now OR (#status = :inprogress AND "
    "attribute_exists(#in_progress_expiry) AND #in_progress_expiry < :now_in_millis)": _is_claimable,
    "#claim = :claim": _is_own,
    "#claim = :claim AND #status = :inprogress": _is_own_and_open,
    "attribute_not_exists(#id) OR #expiry < :now OR (#status = :inprogress AND #data = :known)": _is_as_known,
}
"""Every condition that is used. A new one fails until it is added here."""

_NAMES = {
    "#id": "id",
    "#expiry": "expiration",
    "#in_progress_expiry": "in_progress_expiration",
    "#status": "status",
    "#data": "data",
    "#validation": "validation",
    "#claim": "claim",
    "#sent_at": "sent_at",
}
"""What the conditions take their names to stand for."""


class Table:
    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def get(self, key: Item) -> Item | None:
        return self.items.get(key["id"]["S"])

    def put(self, item: Item, condition: Mapping[str, Any] | None = None) -> Item:
        if condition:
            self._check("PutItem", item, condition)
        self.items[item["id"]["S"]] = dict(item)
        return {}

    def update(self, key: Item, changes: Mapping[str, Any]) -> Item:
        self._check("UpdateItem", key, changes)
        item = self.items.setdefault(key["id"]["S"], dict(key))
        names, values = changes["ExpressionAttributeNames"], changes["ExpressionAttributeValues"]
        for name, value in re.findall(r"(#\w+) = (:\w+)", changes["UpdateExpression"]):
            item[names[name]] = values[value]
        for name in re.findall(r"REMOVE (#\w+)", changes["UpdateExpression"]):
            item.pop(names[name], None)
        return {"Attributes": dict(item)}

    def delete(self, key: Item, condition: Mapping[str, Any]) -> Item:
        self._check("DeleteItem", key, condition)
        self.items.pop(key["id"]["S"])
        return {}

    def is_completed(self, key: str, until: float) -> bool:
        item = self.items.get(key)
        return item is not None and item["status"]["S"] == "COMPLETED" and _number(item["expiration"]) > until

    def _check(self, operation: str, key: Item, given: Mapping[str, Any]) -> None:
        for name, attribute in given["ExpressionAttributeNames"].items():
            if _NAMES.get(name) != attribute:
                raise AssertionError(f"{name} stands for {attribute}")
        found = self.items.get(key["id"]["S"], {})
        if not _CONDITIONS[given["ConditionExpression"]](found, given["ExpressionAttributeValues"]):
            told = given.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise ConditionalCheckFailedException(operation, dict(found) if told and found else None)


def _number(value: Mapping[str, str]) -> int:
    return int(value["N"])
