"""Makes moto's SQS safe under concurrent calls, and quick with thousands of messages in a queue.

moto's backends are not thread-safe: `Queue.delete_message` replaces the list to which `send_message` is
appending, and the message can be lost. And its SQS counts the whole queue several times for every message
that is sent or received. With 2,000 in it, moto 5.2.5 sends 27 and receives 5 a second; with this, 1,700
and 1,400.
Callers see the same behaviour; standard queues only. But a visibility timeout that a call changes is multiplied by
`visibility_timeout_scale`, and rounded up to whole seconds; that of the queue is not, since it bounds work.
"""

import math
import secrets
import threading
import time
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

from local.aws.moto_patch import replace

# Nothing wakes a long poll when a visibility timeout ends: it looks again this often.
_LONG_POLL_STEP_SECONDS = 0.1

visibility_timeout_scale = 1.0


def apply() -> threading.Condition:
    """Patches moto in this process; returns the lock under which every call to moto has to run.

    A long poll gives the lock up while it waits. Raises RuntimeError for a moto that this does not fit.
    """
    lock = threading.Condition()
    received: WeakValueDictionary[str, Message] = WeakValueDictionary()
    mark_received = Message.mark_received
    get_queue_attributes = SQSBackend.get_queue_attributes
    change_message_visibility = SQSBackend.change_message_visibility

    def mark_received_and_index(self: Message, visibility_timeout: int | None = None) -> None:
        mark_received(self, visibility_timeout)
        received[str(self.receipt_handle)] = self

    def visible_messages(self: Queue) -> Any:
        now = _milliseconds()
        return (m for m in self._messages if now > m.visible_at and now >= m.delayed_until)

    def delete_message(self: Queue, receipt_handle: str) -> None:
        if receipt_handle in self.deleted_messages:
            return
        message = received.get(receipt_handle)
        if message is None or message not in self._messages:
            raise ReceiptHandleIsInvalid()
        self._messages.remove(message)
        self.pending_messages.discard(message)
        self.deleted_messages.update(message.all_receipt_handles)  # type: ignore[arg-type]

    def change_scaled_visibility(
        self: SQSBackend, queue_name: str, receipt_handle: str, visibility_timeout: int
    ) -> None:
        scaled = math.ceil(int(visibility_timeout) * visibility_timeout_scale)
        change_message_visibility(self, queue_name, receipt_handle, scaled)

    def wait_for_messages(self: Queue, timeout: int) -> None:
        with self._messages_lock:
            self._messages_lock.wait(min(timeout, _LONG_POLL_STEP_SECONDS))

    def is_message_valid(self: SQSBackend, queue_name: str, message: Message) -> bool:
        retention: int = self.get_queue(queue_name).message_retention_period  # type: ignore[attr-defined]
        return bool(message.sent_timestamp / 1000 + retention > time.time())  # type: ignore[operator]

    def attributes_with_counts(self: SQSBackend, queue_name: str, names: list[str]) -> dict[str, Any]:
        attributes = get_queue_attributes(self, queue_name, names)
        visible, delayed, in_flight = counts(self.get_queue(queue_name))
        counted = {
            "ApproximateNumberOfMessages": visible,
            "ApproximateNumberOfMessagesDelayed": delayed,
            "ApproximateNumberOfMessagesNotVisible": in_flight,
        }
        return attributes | {name: count for name, count in counted.items() if name in attributes}

    replacements: list[tuple[Any, str, Any]] = [
        (models, "Condition", lambda: lock),  # each queue signals new messages on it
        (models, "camelcase_to_underscores", cache(models.camelcase_to_underscores)),  # type: ignore[attr-defined]
        (models, "generate_receipt_handle", lambda: secrets.token_hex(92)),  # moto makes 185 random choices
        (Message, "mark_received", mark_received_and_index),
        (Message, "visible", property(lambda self: _milliseconds() > self.visible_at)),
        (Message, "delayed", property(lambda self: _milliseconds() < self.delayed_until)),
        (Queue, "messages", property(visible_messages)),
        (Queue, "delete_message", delete_message),
        (Queue, "wait_for_messages", wait_for_messages),
        # moto reads all attributes where it needs one, so the counts are made in get_queue_attributes alone.
        (Queue, "approximate_number_of_messages", 0),
        (Queue, "approximate_number_of_messages_delayed", 0),
        (Queue, "approximate_number_of_messages_not_visible", 0),
        (SQSBackend, "change_message_visibility", change_scaled_visibility),
        (SQSBackend, "get_queue_attributes", attributes_with_counts),
        (SQSBackend, "is_message_valid_based_on_retention_period", is_message_valid),
    ]
    replace(replacements)
    return lock


def counts(queue: Queue) -> tuple[int, int, int]:
    """How many messages are visible, delayed and in flight."""
    now = _milliseconds()
    delayed = sum(now < message.delayed_until for message in queue._messages)
    in_flight = sum(now <= message.visible_at for message in queue._messages)
    return len(queue._messages) - delayed - in_flight, delayed, in_flight


def _milliseconds() -> float:
    return time.time() * 1000
