"""How Lambda reads a function's response if its event source mapping has ReportBatchItemFailures."""

from collections.abc import Collection
from typing import Any


def failed_messages(response: Any, message_ids: Collection[str]) -> set[str]:
    """The ids of the messages that stay in the queue.

    AWS docs, "Implementing partial batch responses": no response, or no list or an empty one, means that all
    succeeded; an empty, null or misnamed itemIdentifier, that the whole batch failed. What Lambda does with
    an ID that is not in the batch is not documented; it can only be a mistake, so here it fails the batch.
    """
    try:
        failures = (response or {}).get("batchItemFailures") or []
        failed = {failure["itemIdentifier"] for failure in failures}
    except (AttributeError, KeyError, TypeError):
        return set(message_ids)
    return failed if failed <= set(message_ids) else set(message_ids)
